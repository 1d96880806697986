"""The evaluator as a scorer: S = p(correct) / (p(correct) + p(incorrect)), one score per solution. A
Scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from numerate.judges.batch_scorer import TOKENS, WINDOW, Reader, SolutionScores
from numerate.types import Problem, StepScores

if TYPE_CHECKING:
    from numerate.models.evaluator import EvaluatorModel


class EvaluatorJudge:
    """Exactly one score per solution. An empty solution scores 0, and so does one of which not even the first
    step fits; late steps that don't fit are left out of the question. All of these are in
    `batch_scorer.counts`."""

    def __init__(self, evaluator: EvaluatorModel, tokens: int = TOKENS, window: int = WINDOW) -> None:
        from numerate import training

        self.reader = Reader(
            evaluator, tokens, window, partial(training.word_logprobs, words=evaluator.words)
        )

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return list(self.stream(zip(problems, solutions, strict=True)))

    def stream(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[StepScores]:
        """Yields the scores of any number of pairs, of which a window is in memory."""
        return map(self._step_scores, self.reader.read(pairs))

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        from numerate.training import objectives

        if not len(answered.logits_KC):
            return StepScores((0.0,), dropped=answered.dropped)
        correct, incorrect = answered.logits_KC.unbind(-1)
        score = float(objectives.log_share(correct, incorrect).exp())
        seen = len(answered.cut.texts) - answered.dropped
        last = answered.cut.steps[:seen][-1:]
        return StepScores((score,), tuple(replace(step, score=score) for step in last), answered.dropped)
