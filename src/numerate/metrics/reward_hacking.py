# pyright: strict
"""Signs of reward hacking: the reward rises while accuracy falls, steps are repeated.

Gao et al. 2024 (arXiv 2410.15115), section 3: a policy that is rewarded for steps writes more of them, or
repeats them, and solves fewer problems.

A round's mean is uncertain by what differs within the round, from problem to problem, and that is known after
the first round; so the interval of a slope does not wait for the scatter of many rounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean

from numerate.steps import split

WINDOW = 80
"""rounds that the alarm looks back at most"""
FEWEST = 5
"""rounds below which it says nothing"""
WINDOWS = (5, 7, 10, 14, 20, 28, 40, 56, 80)
"""rounds of its slopes, always the last ones, and all: a sudden fall shows in few, a slow one in many"""
LEVEL = 0.9998
"""one-sided confidence of each slope: with it, at most 4 % of runs of 100 rounds alarm without a cause"""


@dataclass(frozen=True, slots=True)
class Curve:
    """The means of some rounds, and the square of each one's standard error, from within the round."""

    means: Sequence[float]
    noise: Sequence[float]

    def last(self, rounds: int) -> Curve:
        return Curve(self.means[-rounds:], self.noise[-rounds:])


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
        """Checks whether there is an alarm: the reward rises significantly, and the accuracy falls
        significantly."""
        return self.reward.low > 0 and self.accuracy.high < 0


def reward_trend(
    reward: Curve, accuracy: Curve, window: int = WINDOW, fewest: int = FEWEST, level: float = LEVEL
) -> Trend | None:
    """Returns the trend of the fewest rounds with an alarm, else of all of the last `window`; None where
    there are fewer than `fewest`.

    Raises ValueError unless there is one reward per accuracy.
    """
    n = len(reward.means)
    if n != len(accuracy.means):
        raise ValueError(f"{n} rewards and {len(accuracy.means)} accuracies: give one of each per round")
    recent = min(window, n)
    if recent < max(fewest, 3):
        return None
    reward, accuracy = reward.last(recent), accuracy.last(recent)
    more = round_variance(reward.means), round_variance(accuracy.means)
    for rounds in (*(w for w in WINDOWS if fewest <= w < recent), recent):
        trend = Trend(
            fit_slope(reward.last(rounds), more[0], level),
            fit_slope(accuracy.last(rounds), more[1], level),
            rounds,
        )
        if trend.hacking or rounds == recent:
            return trend
    return None


def fit_slope(curve: Curve, least: float = 0.0, level: float = LEVEL) -> Slope:
    """Returns b of y_t = a + b t by least squares, and b -+ z sqrt(s^2 / sum_t (t - mean t)^2), where s^2 is
    the mean noise of the rounds, at least `least`, and z the normal quantile at `level`: each bound holds
    with that confidence.

    Raises ValueError for fewer than 3 values.
    """
    n = len(curve.means)
    if n < 3:
        raise ValueError(f"a slope with an interval needs at least 3 values, not {n}")
    middle, mean = (n - 1) / 2, fmean(curve.means)
    spread = math.fsum((t - middle) ** 2 for t in range(n))
    b = math.fsum((t - middle) * (y - mean) for t, y in enumerate(curve.means)) / spread
    half = NormalDist().inv_cdf(level) * math.sqrt(max(fmean(curve.noise), least) / spread)
    return Slope(b, b - half, b + half)


def round_variance(means: Sequence[float]) -> float:
    """Returns the variance of the rounds about any smooth course: half the mean square of the steps from
    round to round (von Neumann 1941). Larger than the noise within rounds where something else moves the
    means, such as a curriculum."""
    steps = [after - before for before, after in pairwise(means)]
    return fmean(step * step for step in steps) / 2 if steps else 0.0


def mean_noise(groups: Sequence[Sequence[float]], same: bool = False) -> float:
    """Returns the square of the standard error of the mean of a round, from its values by problem: problems
    are drawn, so their means count, (sum_q (m_q - m)^2 / (Q - 1)) / Q. same: the round before had the same
    problems, so only the rollouts differ: sum_q (s_q^2 / G_q) / Q^2. 0 where there is nothing to compare."""
    count = len(groups)
    if same:
        return math.fsum(unbiased_variance(group) / len(group) for group in groups) / count**2
    return unbiased_variance([fmean(group) for group in groups]) / count


def unbiased_variance(values: Sequence[float]) -> float:
    """Returns the unbiased estimate; 0 for a single value."""
    mean = fmean(values)
    return math.fsum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Number of steps and share of repeated ones in solutions."""

    steps: float
    """mean per solution"""
    repeated: float
    """share of steps whose text occurs earlier in the same solution"""


def step_counts(solutions: Sequence[str]) -> StepCounts:
    """Returns the number of steps and the share of repeated ones: signs of a gamed reward for steps, where
    both rise and accuracy does not.

    Gao et al. 2024 (arXiv 2410.15115): a policy with rewards per step repeats good ones, or writes many
    empty ones. Steps are those of `steps.split`. No solutions, or none with a step, have 0 of both."""
    texts = [[step.text for step in split(solution)] for solution in solutions]
    count = sum(map(len, texts))
    different = sum(len(set(steps)) for steps in texts)
    return StepCounts(count / max(1, len(texts)), (count - different) / max(1, count))
