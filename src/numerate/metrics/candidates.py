# pyright: strict
"""The candidates of one problem: what every number about selection is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from numerate.selection import NO_ANSWER


@dataclass(frozen=True, slots=True)
class Candidates:
    """G attempts at one problem, in the order in which they were drawn. Raises ValueError unless there is one
    of everything per attempt and scores are finite."""

    clusters: Sequence[int]
    """equal for equal answers, -1 for no answer (`numerate.answers.cluster`)"""
    correct: Sequence[bool]
    scores: Sequence[float] | None = None
    """an evaluator's; None where there is none, which is enough for the majority vote"""

    def __post_init__(self) -> None:
        if len(self.clusters) != len(self.correct):
            raise ValueError(
                f"{len(self.clusters)} cluster ids and {len(self.correct)} verdicts: "
                "give one of each per attempt"
            )
        if self.scores is not None and len(self.scores) != len(self.clusters):
            raise ValueError(
                f"{len(self.scores)} scores for {len(self.clusters)} attempts: give one score per attempt"
            )
        if self.scores is not None and not all(map(isfinite, self.scores)):
            raise ValueError("a score is not a finite number: drop what the judge could not score")

    @property
    def right(self) -> dict[int, bool]:
        """Cluster -> is its answer right: what the grader says of its first member."""
        verdicts: dict[int, bool] = {}
        for cluster, correct in zip(self.clusters, self.correct, strict=True):
            if cluster != NO_ANSWER:
                verdicts.setdefault(cluster, bool(correct))
        return verdicts
