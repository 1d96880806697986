# pyright: strict
"""Signs that a reward is being farmed: the reward rises while accuracy falls, steps are written twice.

Gao et al. 2024 (arXiv 2410.15115), section 3: a policy that is paid for steps writes more of them, or repeats
them, and solves fewer problems.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

WINDOW = 30
"""rounds that the alarm looks back"""
FEWEST = 10
"""rounds below which it says nothing"""
LEVEL = 0.999
"""one-sided confidence of each of its two slopes"""


@dataclass(frozen=True, slots=True)
class Slope:
    """Change per round with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    """Both slopes over the same rounds, the last ones."""

    reward: Slope
    accuracy: Slope
    rounds: int

    @property
    def hacking(self) -> bool:
        """The alarm: the reward rises for sure, and accuracy falls for sure."""
        return self.reward.low > 0 and self.accuracy.high < 0


def trend(
    reward: Sequence[float],
    accuracy: Sequence[float],
    window: int = WINDOW,
    fewest: int = FEWEST,
    level: float = LEVEL,
) -> Trend | None:
    """Of the last `window` rounds; None where there are fewer than `fewest`.

    Raises ValueError unless there is one reward per accuracy.
    """
    if len(reward) != len(accuracy):
        raise ValueError(f"{len(reward)} rewards and {len(accuracy)} accuracies: give one of each per round")
    recent = min(window, len(reward))
    if recent < max(fewest, 3):
        return None
    return Trend(slope(reward[-recent:], level), slope(accuracy[-recent:], level), recent)


def slope(values: Sequence[float], level: float = LEVEL) -> Slope:
    """b of y_t = a + b t by least squares, and b -+ q s / sqrt(sum_t (t - mean t)^2), where s^2 is the sum of
    the squared residuals over n - 2 and q the quantile of Student's t with n - 2 degrees at `level`: each
    bound holds with that confidence, for noise that is normal and new in every round.

    Raises ValueError for fewer than 3 values.
    """
    n = len(values)
    if n < 3:
        raise ValueError(f"a slope with an interval needs at least 3 values, not {n}")
    middle, mean = (n - 1) / 2, fmean(values)
    spread = math.fsum((t - middle) ** 2 for t in range(n))
    b = math.fsum((t - middle) * (y - mean) for t, y in enumerate(values)) / spread
    left = math.fsum((y - mean - b * (t - middle)) ** 2 for t, y in enumerate(values))
    half = student(level, n - 2) * math.sqrt(left / (n - 2) / spread)
    return Slope(b, b - half, b + half)


def student(level: float, degrees: int) -> float:
    """The quantile of Student's t, from the normal one by Abramowitz and Stegun 26.7.5: within 0.4 % at
    `level` 0.999 from 8 degrees on."""
    z, v = NormalDist().inv_cdf(level), degrees
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
