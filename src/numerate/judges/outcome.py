"""Outcome reward models: probability that the final answer is right, after the whole solution or after every
step. A Scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from numerate.judges.batch_scorer import TOKENS, WINDOW, Reader, SolutionScores
from numerate.types import Problem, StepScores

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.reward_model import ScoreModel


class OutcomeJudge:
    """Reads an outcome reward model, or the value head of a model that was trained on outcomes.

    Exactly one score per solution, read at its end. An empty solution scores 0, and so does one of which
    not even the first step fits; where only late steps don't fit, it is read at the last one that does. All
    of these are in `batch_scorer.counts`.

    every: one score after each step that fits, the outcome as it looks from there; none without a step."""

    def __init__(
        self, scorer: ScoreModel, tokens: int = TOKENS, window: int = WINDOW, every: bool = False
    ) -> None:
        self.reader = Reader(scorer, tokens, window, ends_only=not every)
        self.every = every

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return list(self.stream(zip(problems, solutions, strict=True)))

    def stream(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[StepScores]:
        """Yields the scores of any number of pairs, of which a window is in memory."""
        return map(self._step_scores, self.reader.read(pairs))

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        seen = answered.cut.steps[: len(answered.logits_KC)]
        if self.every:
            scores = self.scores_of(answered.logits_KC) if seen else []
            steps = (replace(step, score=score) for step, score in zip(seen, scores, strict=True))
            return StepScores(tuple(scores), tuple(steps), answered.dropped)
        if not len(answered.logits_KC):
            return StepScores((0.0,), dropped=answered.dropped)
        [score] = self.scores_of(answered.logits_KC[-1:])
        last = (replace(seen[-1], score=score),) if seen else ()
        return StepScores((score,), last, answered.dropped)

    def scores_of(self, logits_KC: Tensor) -> list[float]:
        from numerate.training import objectives

        card = self.reader.scorer.card
        if card.kind == "value":
            return ((logits_KC[:, 0].tanh() + 1) / 2).tolist()
        return objectives.probability(logits_KC, card.neutral).tolist()
