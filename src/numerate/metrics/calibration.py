# pyright: strict
"""Calibration of scores as probabilities: reliability curve, expected calibration error, Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from numerate.metrics.intervals import Floats, wilson

Bins = Literal["width", "mass"]


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores of similar value, and the share of right ones."""

    score: float
    """their mean"""
    right: float
    """the share that is right, with its Wilson interval"""
    low: float
    high: float
    n: int


def reliability(
    scores: Sequence[float], labels: Sequence[bool], bins: int = 10, equal: Bins = "width"
) -> list[Bin]:
    """Returns the points of a reliability diagram (Murphy and Winkler 1977); empty bins are left out.

    `equal="width"`: [0, 1/B), [1/B, 2/B), ..., the last with 1. `"mass"`: about n/B scores in each, in their
    order (Nguyen and O'Connor 2015); equal scores stay together, so there may be fewer bins.

    Raises:
        ValueError: a score is outside [0, 1].
    """
    if equal not in get_args(Bins) or bins < 1:
        raise ValueError(f"{bins} bins of equal {equal!r}: use bins >= 1 of equal 'width' or 'mass'")
    score, label = _probabilities(scores, labels)
    order = np.argsort(score, kind="stable")
    score, label = score[order], label[order]
    bin_of = np.minimum((score * bins).astype(int), bins - 1) if equal == "width" else _by_mass(score, bins)
    points: list[Bin] = []
    for number in np.unique(bin_of):
        mine = bin_of == number
        hits, n = int(label[mine].sum()), int(mine.sum())
        points.append(Bin(float(score[mine].mean()), hits / n, *wilson(hits, n), n))
    return points


def _by_mass(score: Floats, bins: int) -> Floats:
    """Returns the bin of each of the ordered scores: that of the first score equal to it."""
    first = np.searchsorted(score, score, side="left")
    return (first * bins // len(score)).astype(np.float64)


def ece(scores: Sequence[float], labels: Sequence[bool], bins: int = 10, equal: Bins = "width") -> float:
    """Returns the expected calibration error: sum over bins of (n_b / n) |right_b - score_b|.

    Guo et al. 2017 (arXiv 1706.04599), equation 3; with bins of equal mass, the adaptive one of Nixon et al.
    2019 (arXiv 1904.01685). It depends on the bins and is too high on few scores.

    Raises:
        ValueError: a score is outside [0, 1].
    """
    points = reliability(scores, labels, bins, equal)
    return sum(each.n * abs(each.right - each.score) for each in points) / sum(each.n for each in points)


def brier(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Returns the mean squared distance of score and outcome (Brier 1950): 0 is perfect, a constant 1/2 gets
    0.25.

    Raises:
        ValueError: a score is outside [0, 1].
    """
    score, label = _probabilities(scores, labels)
    return float(((score - label) ** 2).mean())


def _probabilities(scores: Sequence[float], labels: Sequence[bool]) -> tuple[Floats, Floats]:
    score, label = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if len(score) != len(label):
        raise ValueError(f"{len(score)} scores and {len(label)} labels: give one of each, in one order")
    if not len(score):
        raise ValueError("no scores: there is nothing to calibrate")
    if not ((score >= 0) & (score <= 1)).all():
        raise ValueError("a score is not a probability: calibration needs scores in [0, 1]")
    return score, label
