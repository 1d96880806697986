# pyright: strict
"""Ranking of right above wrong solutions (or steps) by scores: ROC curve and its area, over all solutions and
within the problems."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerate.metrics.intervals import BLOCK, Floats, Share, mean_interval, percentile_interval


@dataclass(frozen=True, slots=True)
class Operating:
    """A point of the ROC curve: the shares of wrong and of right ones that score at least the threshold."""

    threshold: float
    false_positives: float
    true_positives: float


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Returns the chance that a right one scores above a wrong one, ties counting one half.

    Hanley and McNeil 1982: the Mann-Whitney statistic U / (n+ n-), from ranks.

    Raises:
        ValueError: unless there are scores of both.
    """
    score, label = _both(scores, labels)
    return float(_areas(score, label, np.ones((1, len(score))))[0])


def auc_interval(
    scores: Sequence[float],
    labels: Sequence[bool],
    problems: Sequence[Hashable],
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Share:
    """Returns the area of n scores with a percentile interval that resamples *problems* with all their
    solutions, which are not independent (Field and Welsh 2007).

    problems: the problem of each score. Resamples in which all are right or all wrong have no area and are
    left out.

    Raises:
        ValueError: unless there are scores of right and of wrong ones.
    """
    score, label = _both(scores, labels)
    member = _numbered(problems, len(score))
    count = int(member.max()) + 1
    random, blocks = np.random.default_rng(seed), list[Floats]()
    block = max(1, BLOCK // len(score))
    for done in range(0, resamples, block):
        size = min(block, resamples - done)
        draws = random.multinomial(count, np.full(count, 1 / count), size=size)
        blocks.append(_areas(score, label, draws[:, member].astype(np.float64)))
    areas = np.concatenate(blocks)
    areas = areas[np.isfinite(areas)]
    value = auc(scores, labels)
    low, high = percentile_interval(areas, confidence) if len(areas) else (0.0, 1.0)
    return Share(value, min(low, value), max(high, value), len(score))


def auc_within(
    scores: Sequence[float],
    labels: Sequence[bool],
    problems: Sequence[Hashable],
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Share:
    """Returns the chance that a right solution scores above a wrong one *of the same problem*, ties counting
    one half: the mean over the problems that have both, with equal weights.

    Re-ranking chooses among the solutions of one problem, so it depends on this number; the area over all
    solutions is large already where scores separate hard from easy problems. Percentile bootstrap over
    problems; n is the number of problems with both, and with a single one the interval is (0, 1).

    Raises:
        ValueError: unless there are scores of right and of wrong ones, and a problem has both.
    """
    score, label = _both(scores, labels)
    member = _numbered(problems, len(score))
    order = np.argsort(member, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(member[order])) + 1)
    areas = [
        float(_areas(score[mine], label[mine], np.ones((1, len(mine))))[0])
        for mine in members
        if 0 < label[mine].sum() < len(mine)
    ]
    if not areas:
        raise ValueError("no problem has both right and wrong solutions: sample more solutions per problem")
    value, low, high = mean_interval(areas, confidence, resamples, seed)
    return Share(value, low, high, len(areas)) if len(areas) > 1 else Share(value, 0.0, 1.0, 1)


def _numbered(problems: Sequence[Hashable], count: int) -> NDArray[np.int64]:
    """Returns the problem of each score as a number from 0, in order of first appearance."""
    if len(problems) != count:
        raise ValueError(f"{len(problems)} problems for {count} scores: name the problem of each score")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(problem, len(numbers)) for problem in problems])


def _areas(score: Floats, label: Floats, weight_RN: Floats) -> Floats:
    """Returns the area under each row of weights; NaN where one of the classes has none."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    right_RT = np.add.reduceat(weight_RN[:, order] * label[order], starts, axis=1)
    wrong_RT = np.add.reduceat(weight_RN[:, order] * (1 - label[order]), starts, axis=1)
    below_RT = np.cumsum(wrong_RT, axis=1) - wrong_RT / 2
    pairs_R = right_RT.sum(axis=1) * wrong_RT.sum(axis=1)
    return np.divide(
        (right_RT * below_RT).sum(axis=1), pairs_R, out=np.full(len(pairs_R), np.nan), where=pairs_R > 0
    )


def roc(scores: Sequence[float], labels: Sequence[bool]) -> list[Operating]:
    """Returns the points of the ROC curve, from the highest threshold to the lowest, one per different score
    (Fawcett 2006, algorithm 1): tied scores move along both axes at once.

    Raises:
        ValueError: unless there are scores of right and of wrong ones.
    """
    score, label = _both(scores, labels)
    points = [Operating(float("inf"), 0.0, 0.0)]
    right, wrong = label.sum(), len(label) - label.sum()
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf))
    hits = np.cumsum(label[order])
    for end in ends:
        points.append(
            Operating(
                float(score[order[end]]),
                float((end + 1 - hits[end]) / wrong),
                float(hits[end] / right),
            )
        )
    return points


def _both(scores: Sequence[float], labels: Sequence[bool]) -> tuple[Floats, Floats]:
    score, label = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if len(score) != len(label):
        raise ValueError(f"{len(score)} scores and {len(label)} labels: give one of each, in one order")
    if not np.isfinite(score).all():
        raise ValueError("a score is not a finite number: leave out solutions without a score")
    if label.sum() in (0, len(label)):
        raise ValueError("the area needs right and wrong labels: all labels are the same, or there are none")
    return score, label
