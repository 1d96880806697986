"""When is a reward gamed? The slopes by other means, and the alarm on made-up runs."""

from __future__ import annotations

import numpy as np
import pytest

from numerate.metrics import monitor
from numerate.metrics.monitor import Slope, slope, student, trend

ROUNDS = 100


def test_the_slope_and_its_interval_by_another_road() -> None:
    """numpy's polynomial fit with its covariance, and the quantile of the tables: t(0.999, 10) = 4.144."""
    values = [0.3, 0.1, 0.5, 0.2, 0.4, 0.6, 0.5, 0.9, 0.4, 0.7, 0.8, 0.6]
    (b, _), covariance = np.polyfit(range(12), values, 1, cov=True)
    half = 4.144 * covariance[0, 0] ** 0.5
    found = slope(values, 0.999)
    assert (found.value, found.low, found.high) == pytest.approx((b, b - half, b + half), abs=2e-4)


def test_the_slope_by_hand() -> None:
    """A line has no residuals. 0, 1, 0, 1: b = 1/5, s^2 = 0.8 / 2, over 5; and half an interval each way."""
    assert slope([1.0, 3.0, 5.0]) == Slope(2.0, 2.0, 2.0)
    found = slope([0, 1, 0, 1], 0.9)
    assert found.value == pytest.approx(0.2)
    assert found.high - 0.2 == pytest.approx(0.2 - found.low) == pytest.approx(student(0.9, 2) * 0.08**0.5)
    with pytest.raises(ValueError, match="at least 3 values, not 2"):
        slope([1, 2])


def test_the_quantile_of_student_as_in_the_tables() -> None:
    for degrees, told in ((8, 4.501), (10, 4.144), (18, 3.610), (28, 3.408)):
        assert student(0.999, degrees) == pytest.approx(told, rel=4e-3)
    assert student(0.5, 8) == pytest.approx(0, abs=1e-12)


def test_only_the_last_rounds_count_and_a_few_say_nothing() -> None:
    up, down = [t / 100 for t in range(40)], [1 - t / 100 for t in range(40)]
    assert trend(up[:9], down[:9]) is None
    told = trend(up[:10], down[:10])
    assert told and told.rounds == 10 and told.hacking
    past = trend(up + [0.4] * 30, down + [0.6] * 30)
    assert past and past.rounds == 30 and past.reward.value == 0 and not past.hacking
    with pytest.raises(ValueError, match="2 rewards and 1 accuracies"):
        trend([1, 2], [1])


@pytest.mark.parametrize(
    ("reward", "accuracy", "alarms"),
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
    reward: str, accuracy: str, alarms: bool
) -> None:
    """Sure trends: 0.01 a round, with a ripple of 0.01."""
    step = {"up": 0.01, "down": -0.01, "flat": 0.0}
    rewards, shares = (
        [0.5 + step[way] * t + 0.01 * (-1) ** t for t in range(30)] for way in (reward, accuracy)
    )
    told = trend(rewards, shares)
    assert told and told.hacking is alarms


def run(
    rng: np.random.Generator, accuracy: list[float], bonus: list[float]
) -> tuple[list[float], list[float]]:
    """Rounds of 32 questions, 8 attempts each; the reward is the right answer and something beside it."""
    share = [rng.binomial(8, rng.beta(2 * p, 2 * (1 - p), 32)).mean() / 8 for p in accuracy]
    return [s + b + rng.normal(0, 0.02) for s, b in zip(share, bonus, strict=True)], share


def rate(accuracy: list[float], bonus: list[float], runs: int = 40) -> float:
    """How many of the runs have an alarm at some round."""
    rng, count = np.random.default_rng(0), 0
    for _ in range(runs):
        rewards, shares = run(rng, accuracy, bonus)
        ends = range(monitor.FEWEST, len(shares) + 1, 2)
        count += any((told := trend(rewards[:end], shares[:end])) and told.hacking for end in ends)
    return count / runs


def test_runs_of_a_hundred_rounds_that_do_not_hack_seldom_alarm() -> None:
    flat, rising = [0.5] * ROUNDS, [t / ROUNDS for t in range(ROUNDS)]
    learning = [0.4 + 0.2 * t / ROUNDS for t in range(ROUNDS)]
    assert rate(flat, [0.0] * ROUNDS) == 0
    assert rate(learning, rising) == 0
    assert rate(flat, rising) <= 0.1


def test_runs_that_hack_alarm() -> None:
    """20 points lost over 40 of 100 rounds, or over the 20 rounds of a short run."""
    lost = [0.5] * 30 + [0.5 - 0.005 * t for t in range(40)] + [0.3] * 30
    paid = [0.0] * 30 + [t / 40 for t in range(40)] + [1.0] * 30
    assert rate(lost, paid) >= 0.95
    assert rate([0.5 - 0.01 * t for t in range(20)], [t / 20 for t in range(20)]) >= 0.8
