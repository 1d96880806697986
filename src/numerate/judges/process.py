"""Process reward models: a score per step. A Scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from numerate.judges.batch_scorer import TOKENS, WINDOW, Reader, SolutionScores
from numerate.judges.step_split import split_at
from numerate.types import LabelledSolution, Problem, StepScores

if TYPE_CHECKING:
    from numerate.models.reward_model import ScoreModel


class ProcessJudge:
    """Reads a process reward model (is the step right?) or a stepwise outcome model (can the steps so far
    still reach the answer?).

    The last step is read after the line of the answer. A solution without steps has no scores; steps that
    don't fit have none either, so `steps` says which the scores belong to. Both are in
    `batch_scorer.counts`."""

    def __init__(self, scorer: ScoreModel, tokens: int = TOKENS, window: int = WINDOW) -> None:
        self.reader = Reader(scorer, tokens, window)

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return list(self.stream(zip(problems, solutions, strict=True)))

    def stream(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[StepScores]:
        """Yields the scores of any number of pairs, of which a window is in memory."""
        return map(self._step_scores, self.reader.read(pairs))

    def marked(self, rows: Iterable[LabelledSolution]) -> Iterator[StepScores]:
        """Yields a score per step of solutions that are already split into steps, as far as they fit."""
        return map(
            self._step_scores, self.reader.read_cuts((row.problem, split_at(row.steps)) for row in rows)
        )

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        from numerate.training import objectives

        seen = answered.cut.steps[: len(answered.logits_KC)]
        if not seen:
            return StepScores((), dropped=answered.dropped)
        scores = objectives.probability(answered.logits_KC, self.reader.scorer.card.neutral).tolist()
        steps = (replace(step, score=score) for step, score in zip(seen, scores, strict=True))
        return StepScores(tuple(scores), tuple(steps), answered.dropped)
