# pyright: strict
"""Intervals over problems: Wilson for shares, bootstrap for means, and breakdowns by a property of the
problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 1 << 21
"""numbers held at once while resampling: 16 MB"""


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion, or an area under the ROC curve, with its interval; n: problems or scores."""

    value: float
    low: float
    high: float
    n: int


def wilson(successes: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the interval of a proportion, (low, high) in [0, 1]: Wilson 1927, no continuity correction.

    Unlike +-z standard errors it keeps its coverage near 0 and 1 and on few problems. n = 0 gives (0, 1).

    Raises:
        ValueError: unless 0 <= successes <= n and 0 < confidence < 1.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}: needs 0 <= successes <= n")
    if n == 0:
        return 0.0, 1.0
    z2 = normal_quantile(confidence) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def normal_quantile(confidence: float) -> float:
    """Returns the two-sided normal quantile: 1.96 for 0.95."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence}: needs a number between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def mean_interval(
    values: Sequence[float], confidence: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float, float]:
    """Returns (mean, low, high) of per-problem values such as pass@k: percentile bootstrap over problems
    (Efron 1979).

    Depends on the values and the seed only, not on their order. Equal values give an interval of no width:
    use `wilson` for right-or-wrong values.

    Raises:
        ValueError: there are no values, or one is not finite.
    """
    array = _finite(values)
    low, high = percentile_interval(np.concatenate(list(resampled_means(array, resamples, seed))), confidence)
    mean = float(array.mean())
    return mean, min(low, mean), max(high, mean)


def ratio_interval(
    parts: Sequence[float],
    wholes: Sequence[float],
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Returns (ratio, low, high) of the sum of `parts` over the sum of `wholes`, such as failed calls over
    calls: percentile bootstrap over problems, which add to both. Else as `mean_interval`.

    Raises:
        ValueError: there are no values, one is not finite, or a whole is not above 0.
    """
    array_N2 = np.stack([_finite(parts), _finite(wholes)], axis=1)
    if array_N2[:, 1].min() <= 0:
        raise ValueError("a denominator is not above 0: leave out the problems that do not add to it")
    sums_R2 = np.concatenate(list(resampled_means(array_N2, resamples, seed)))
    low, high = percentile_interval(sums_R2[:, 0] / sums_R2[:, 1], confidence)
    ratio = float(array_N2[:, 0].sum() / array_N2[:, 1].sum())
    return ratio, min(low, ratio), max(high, ratio)


def resampled_means(values: Floats, resamples: int, seed: int) -> Iterator[Floats]:
    """Yields means of `resamples` draws of len(values) problems with replacement, in blocks. values: a number
    per problem, or a row of numbers.

    A draw only needs to say how often each distinct value comes up, which is multinomial: a few numbers for
    right-or-wrong values instead of one per problem.
    """
    distinct_V, counts_V = np.unique(values, return_counts=True, axis=0)
    random = np.random.default_rng(seed)
    block = max(1, BLOCK // len(distinct_V))
    for done in range(0, resamples, block):
        drawn_RV = random.multinomial(len(values), counts_V / len(values), size=min(block, resamples - done))
        yield drawn_RV @ distinct_V / len(values)


def percentile_interval(samples: Floats, confidence: float) -> tuple[float, float]:
    """Returns the middle `confidence` of the samples."""
    normal_quantile(confidence)
    low, high = np.quantile(samples, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _finite(values: Sequence[float]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise ValueError("no values to average: the problem set is empty")
    if not np.isfinite(array).all():
        raise ValueError(
            "a value to average is not finite: leave out the problems that could not be measured"
        )
    return array


def accuracy_by(
    values: Sequence[bool], keys: Sequence[str | int | float], confidence: float = 0.95
) -> Mapping[str | int | float, Share]:
    """Returns the share of right problems for each key (steps, level, subject ...) with its Wilson interval.

    Numbers come first in their order, then texts in theirs.

    Raises:
        ValueError: unless there is one key per value.
    """
    if len(values) != len(keys):
        raise ValueError(f"{len(values)} values and {len(keys)} keys: give one key per value")
    hits: dict[str | int | float, list[bool]] = {}
    for value, key in zip(values, keys, strict=True):
        hits.setdefault(key, []).append(bool(value))
    ordered = sorted(hits, key=lambda key: (1, 0.0, key) if isinstance(key, str) else (0, float(key), ""))
    return {
        key: Share(sum(h) / len(h), *wilson(sum(h), len(h), confidence), len(h))
        for key, h in ((key, hits[key]) for key in ordered)
    }
