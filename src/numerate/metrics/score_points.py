# pyright: strict
"""Scores held against labels, as points of a row or a curve of `metrics.json` (`metrics/catalog.py`).

Each function takes scores, labels and the problem of each score. Without a point the metric cannot be
measured: all labels are the same, or scores are no probabilities."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from numerate.metrics.calibration import Bins, brier, ece, reliability
from numerate.metrics.ranking import auc_interval, auc_within, roc

ROC_POINTS = 60


@dataclass(frozen=True, slots=True)
class ScorePoint:
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    x: float | None = None
    """abscissa of a point of a curve"""


Scores = Sequence[float]
Labels = Sequence[bool]
Problems = Sequence[Hashable]


def auc_point(scores: Scores, labels: Labels, problems: Problems) -> list[ScorePoint]:
    if len(set(labels)) != 2:
        return []
    area = auc_interval(scores, labels, problems)
    return [ScorePoint(area.value, area.n, area.low, area.high)]


def roc_points(scores: Scores, labels: Labels, problems: Problems) -> list[ScorePoint]:
    """Returns at most ROC_POINTS points of the curve, with the last one."""
    if len(set(labels)) != 2:
        return []
    points = roc(scores, labels)
    kept = [*points[: -1 : -(-len(points) // ROC_POINTS)], points[-1]]
    return [ScorePoint(p.true_positives, len(scores), x=p.false_positives) for p in kept]


def auc_within_point(scores: Scores, labels: Labels, problems: Problems) -> list[ScorePoint]:
    both = {(problem, label) for problem, label in zip(problems, labels, strict=True)}
    if len(both) == len(set(problems)):
        return []
    within = auc_within(scores, labels, problems)
    return [ScorePoint(within.value, within.n, within.low, within.high)]


def ece_point(scores: Scores, labels: Labels, problems: Problems, equal: Bins = "width") -> list[ScorePoint]:
    return [ScorePoint(ece(scores, labels, equal=equal), len(scores))] if _probabilities(scores) else []


def brier_point(scores: Scores, labels: Labels, problems: Problems) -> list[ScorePoint]:
    return [ScorePoint(brier(scores, labels), len(scores))] if _probabilities(scores) else []


def reliability_points(scores: Scores, labels: Labels, problems: Problems) -> list[ScorePoint]:
    bins = reliability(scores, labels) if _probabilities(scores) else []
    return [ScorePoint(b.right, b.n, b.low, b.high, b.score) for b in bins]


def _probabilities(scores: Scores) -> bool:
    return bool(scores) and all(0 <= score <= 1 for score in scores)
