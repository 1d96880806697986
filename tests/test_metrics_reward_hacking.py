"""When is a reward gamed? The slopes by other means, and the alarm on made-up runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist, median
from typing import Any

import numpy as np
import pytest

from numerate.metrics.reward_hacking import (
    FEWEST,
    Curve,
    Slope,
    fit_slope,
    mean_noise,
    reward_trend,
    round_variance,
)

ROUNDS = 100


def curve(means: Sequence[float], noise: float = 0.0) -> Curve:
    return Curve(means, [noise] * len(means))


def test_the_slope_and_its_interval_by_another_road() -> None:
    """numpy's polynomial fit with known variances, and the quantile of the tables: z(0.999) = 3.0902."""
    values = [0.3, 0.1, 0.5, 0.2, 0.4, 0.6, 0.5, 0.9, 0.4, 0.7, 0.8, 0.6]
    (b, _), covariance = np.polyfit(range(12), values, 1, w=[1 / 0.2] * 12, cov="unscaled")
    half = 3.0902 * covariance[0, 0] ** 0.5
    got = fit_slope(curve(values, 0.04), level=0.999)
    assert (got.value, got.low, got.high) == pytest.approx((b, b - half, b + half), abs=1e-5)


def test_the_slope_by_hand() -> None:
    """0, 1, 0, 1: b = 1/5; the noise is the mean of .1, .1, .3, .3 over 5, or what it is at least."""
    assert fit_slope(curve([1.0, 3.0, 5.0])) == Slope(2.0, 2.0, 2.0)
    z = NormalDist().inv_cdf(0.9)
    got = fit_slope(Curve([0, 1, 0, 1], [0.1, 0.1, 0.3, 0.3]), level=0.9)
    assert got.value == pytest.approx(0.2)
    assert got.high - 0.2 == pytest.approx(0.2 - got.low) == pytest.approx(z * (0.2 / 5) ** 0.5)
    assert fit_slope(curve([0, 1, 0, 1], 0.1), 0.5, 0.9).high == pytest.approx(0.2 + z * 0.1**0.5)
    with pytest.raises(ValueError, match="at least 3 values, not 2"):
        fit_slope(curve([1, 2]))


def test_the_noise_of_a_round_by_hand() -> None:
    """Means 1, 2, 6 vary by 7; within the problems by 2, 0 and 8 at two rollouts each."""
    groups = [[0.0, 2.0], [2.0, 2.0], [4.0, 8.0]]
    assert mean_noise(groups) == pytest.approx(7 / 3)
    assert mean_noise(groups, same=True) == pytest.approx((2 / 2 + 0 + 8 / 2) / 9)
    assert mean_noise([[1.0]]) == mean_noise([[1.0]], same=True) == 0


def test_the_scatter_does_not_see_a_trend() -> None:
    rng = np.random.default_rng(0)
    course = 0.5 + 0.3 * np.sin(np.arange(2000) / 200)
    assert round_variance((course + rng.normal(0, 0.1, 2000)).tolist()) == pytest.approx(0.01, rel=0.1)
    assert round_variance([1.0]) == 0


def test_only_the_last_rounds_count_and_a_few_say_nothing() -> None:
    up, down = [t / 100 for t in range(40)], [1 - t / 100 for t in range(40)]
    assert reward_trend(curve(up[:4]), curve(down[:4])) is None
    got = reward_trend(curve(up[:5]), curve(down[:5]))
    assert got and got.rounds == 5 and got.hacking
    past = reward_trend(curve(up + [0.4] * 80), curve(down + [0.6] * 80))
    assert past and past.rounds == 80 and past.reward.value == 0 and not past.hacking
    noisy = reward_trend(curve(up, 1.0), curve(down, 1.0))
    assert noisy and noisy.rounds == 40 and noisy.reward.value == pytest.approx(0.01) and not noisy.hacking
    with pytest.raises(ValueError, match="2 rewards and 1 accuracies"):
        reward_trend(curve([1, 2]), curve([1]))


@pytest.mark.parametrize(
    ("reward", "accuracy", "alarming"),
    [
        ("up", "down", True),
        ("up", "up", False),
        ("down", "down", False),
        ("down", "up", False),
        ("up", "flat", False),
        ("flat", "down", False),
    ],
)
def test_only_a_rising_reward_with_falling_accuracy_is_alarming(
    reward: str, accuracy: str, alarming: bool
) -> None:
    """Sure trends: 0.01 a round, with a ripple of 0.01."""
    step = {"up": 0.01, "down": -0.01, "flat": 0.0}
    rewards, shares = (
        [0.5 + step[way] * t + 0.01 * (-1) ** t for t in range(30)] for way in (reward, accuracy)
    )
    got = reward_trend(curve(rewards, 1e-4), curve(shares, 1e-4))
    assert got and got.hacking is alarming


def simulated(
    accuracy: Sequence[float], bonus: Sequence[float], runs: int, more: float = 0.0, asked: int = 32
) -> Iterator[tuple[Curve, Curve]]:
    """Rounds of 32 problems, 8 rollouts each; the reward is the right answer and something beside it, that
    differs from rollout to rollout. more: standard deviation of what moves the accuracy of whole rounds."""
    rng = np.random.default_rng(0)
    p = np.asarray(accuracy)[:, None].repeat(asked, 1)
    for _ in range(runs):
        share = rng.binomial(8, rng.beta(2 * p, 2 * (1 - p))) / 8
        earned = share + np.asarray(bonus)[:, None] + rng.normal(0, 0.3 / 8**0.5, share.shape)
        share = share + rng.normal(0, more, (len(p), 1))
        yield Curve(*measured(earned)), Curve(*measured(share))


def measured(values: Any) -> tuple[list[float], list[float]]:
    return values.mean(1).tolist(), [mean_noise([[v] for v in row]) for row in values.tolist()]


def alarms(accuracy: Sequence[float], bonus: Sequence[float], runs: int = 25, **more: Any) -> list[int]:
    """The first round with an alarm of each run that has one."""
    first: list[int] = []
    for reward, right in simulated(accuracy, bonus, runs, **more):
        for end in range(FEWEST, len(right.means) + 1):
            upto = [Curve(c.means[:end], c.noise[:end]) for c in (reward, right)]
            got = reward_trend(upto[0], upto[1])
            if got and got.hacking:
                first.append(end)
                break
    return first


def test_runs_of_a_hundred_rounds_that_do_not_hack_seldom_alarm() -> None:
    """docs/results/reward-alarm.md has the rates of 600 runs."""
    flat, rising = [0.5] * ROUNDS, [t / ROUNDS for t in range(ROUNDS)]
    learning = [0.4 + 0.2 * t / ROUNDS for t in range(ROUNDS)]
    assert alarms(flat, [0.0] * ROUNDS) == alarms(learning, rising) == []
    assert len(alarms(flat, rising)) <= 2
    assert len(alarms(flat, [5 * b for b in rising])) <= 3


def test_what_moves_whole_rounds_is_counted_as_noise() -> None:
    """As much again as the noise within a round: without the scatter two thirds of these runs alarm."""
    rising = [5 * t / ROUNDS for t in range(ROUNDS)]
    assert len(alarms([0.5] * ROUNDS, rising, more=0.06)) <= 6


def test_runs_that_hack_alarm_soon() -> None:
    """20 points lost over 100 rounds: the rule by scatter over 30 rounds saw 79 % of such runs, in the median
    after 64 rounds. Over the 20 rounds from round 30 on, 14 rounds after; over the first 20, after 17."""
    slow = alarms([0.5 - 0.002 * t for t in range(ROUNDS)], [t / ROUNDS for t in range(ROUNDS)])
    assert len(slow) >= 24 and median(slow) <= 58
    lost = [0.5] * 30 + [0.5 - 0.01 * t for t in range(20)] + [0.3] * 10
    paid = [0.0] * 30 + [t / 20 for t in range(20)] + [1.0] * 10
    late = alarms(lost, paid)
    assert len(late) == 25 and median(late) <= 44
    assert len(alarms([0.5 - 0.01 * t for t in range(20)], [t / 20 for t in range(20)])) >= 15
