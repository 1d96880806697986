# pyright: strict
"""Paired tests of two models on the same problems, which cancel the problems' difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np

from numerate.metrics.intervals import Floats, percentile_interval, resampled_means


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean paired difference with its interval and p."""

    value: float
    """mean of a - b over problems"""
    low: float
    high: float
    p: float
    """two-sided, of "no difference"; the difference is significant where it is below 0.05"""


@dataclass(frozen=True, slots=True)
class McNemar:
    """Counts and p of McNemar's test."""

    only_a: int
    """problems that a alone has right"""
    only_b: int
    p: float
    """two-sided, exact"""


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """Returns the mean of a - b with percentile interval and p, resampling problems (Efron and Tibshirani
    1993, chapters 13, 16).

    a, b: one value per problem, in the same order; right or wrong, or pass@k and the like. p is twice the
    smaller share of resamples on one side of 0, counting the observed one as one more, so it is never below
    2 / (resamples + 1).

    Raises:
        ValueError: lengths differ, there are no values, or one is not finite.
    """
    difference = _paired(a, b)
    means = np.concatenate(list(resampled_means(difference, resamples, seed)))
    low, high = percentile_interval(means, confidence)
    smaller = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (smaller + 1) / (resamples + 1))
    value = float(difference.mean())
    return Difference(value, min(low, value), max(high, value), p)


def paired_test(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Difference:
    """Returns the mean of a - b with its bootstrap interval, and p: of the exact McNemar test where every
    value is 0 or 1, else of the bootstrap.

    The bootstrap's p is too small on few problems: three of four pairs that differ in the same direction
    would be significant, with an exact p of 0.25.

    Raises:
        ValueError: lengths differ, there are no values, or one is not finite.
    """
    difference = paired_bootstrap(a, b, confidence)
    if any(value not in (0, 1) for value in (*a, *b)):
        return difference
    return replace(difference, p=mcnemar([bool(x) for x in a], [bool(y) for y in b]).p)


def _paired(a: Sequence[float], b: Sequence[float]) -> Floats:
    if len(a) != len(b):
        raise ValueError(
            f"{len(a)} values of a and {len(b)} of b: give one of each per problem, in one order"
        )
    if not len(a):
        raise ValueError("no values to compare: the models share no problem")
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if not np.isfinite(difference).all():
        raise ValueError("a value to compare is not finite: leave out the problems that were not measured")
    return difference


def mcnemar(a: Sequence[bool], b: Sequence[bool]) -> McNemar:
    """Returns the exact McNemar test (1947) on the problems that only one of the models has right.

    `p = min(1, 2 P(X <= min(only_a, only_b)))`, X binomial with p = 1/2. In whole numbers, rounded once.

    Raises:
        ValueError: lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(
            f"{len(a)} verdicts on a and {len(b)} on b: give one of each per problem, in one order"
        )
    pairs = [(bool(x), bool(y)) for x, y in zip(a, b, strict=True)]
    only_a, only_b = pairs.count((True, False)), pairs.count((False, True))
    split = only_a + only_b
    tail = sum(comb(split, i) for i in range(min(only_a, only_b) + 1))
    return McNemar(only_a, only_b, min(1.0, 2 * tail / 2**split))


def holm(ps: Sequence[float]) -> list[float]:
    """Returns the p-values of several comparisons, corrected for their number (Holm 1979): in ascending order
    `p_i (m - i + 1)`, never below one before it, at most 1."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    out = [0.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, ps[i] * (len(ps) - rank)))
        out[i] = highest
    return out
