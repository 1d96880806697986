"""Outcome judges: one score per solution, how likely its final answer is right. A Scorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from numerate.judges.reader import TOKENS, WINDOW, Answered, Reader
from numerate.types import Problem, StepScores

if TYPE_CHECKING:
    from numerate.models.scorer import ScoreModel


class OutcomeJudge:
    """Reads an outcome reward model, or the value head of a model that was trained on outcomes.

    Exactly one score per solution, read at its end. An empty solution scores 0, and so does one of which
    not even the first step fits; where only late steps don't fit, it is read at the last one that does. All
    of these are in `reader.counts`."""

    def __init__(self, scorer: ScoreModel, tokens: int = TOKENS, window: int = WINDOW) -> None:
        self.reader = Reader(scorer, tokens, window)

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return list(self.stream(zip(problems, solutions, strict=True)))

    def stream(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[StepScores]:
        """The same for any number of pairs, of which a window is in memory."""
        return map(self._one, self.reader.read(pairs))

    def _one(self, answered: Answered) -> StepScores:
        from numerate.training import objectives

        card = self.reader.scorer.card
        if not len(answered.logits_KC):
            return StepScores((0.0,), dropped=answered.dropped)
        last_1C = answered.logits_KC[-1:]
        if card.kind == "value":
            score = float((last_1C[:, 0].tanh() + 1) / 2)
        else:
            score = float(objectives.probability(last_1C, card.neutral))
        seen = answered.cut.steps[: len(answered.logits_KC)]
        last = (replace(seen[-1], score=score),) if seen else ()
        return StepScores((score,), last, answered.dropped)
