"""Advantages without a critic, worked by hand."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.credit import (
    group,
    has_signal,
    leave_one_out,
    normalize_advantages,
    overlong_penalty,
    process_advantages,
    return_advantages,
    returns_to_go,
)

REWARDS = st.lists(st.integers(0, 4).map(float), min_size=2, max_size=9)


def test_group_of_the_paper() -> None:
    """1 0 0 1: mean 1/2, spread 1/2. 1 0 0 0: mean 1/4, spread sqrt(3)/4."""
    assert group([1, 0, 0, 1]) == pytest.approx([1, -1, -1, 1], abs=1e-5)
    assert group([1, 0, 0, 0]) == pytest.approx([math.sqrt(3), *[-1 / math.sqrt(3)] * 3], abs=1e-4)


def test_group_without_the_spread_is_dr_grpo() -> None:
    assert group([1, 0, 0, 0], scale=False) == [0.75, -0.25, -0.25, -0.25]


def test_leave_one_out_by_hand() -> None:
    """1 0 0 3: the others of the first have the mean 1, of the last 1/3."""
    assert leave_one_out([1, 0, 0, 3]) == pytest.approx([0, -4 / 3, -4 / 3, 8 / 3])


@given(REWARDS)
def test_leave_one_out_is_the_mean_baseline_stretched(rewards: list[float]) -> None:
    stretch = len(rewards) / (len(rewards) - 1)
    centred = [a * stretch for a in group(rewards, scale=False) if a is not None]
    assert leave_one_out(rewards) == pytest.approx(centred, abs=1e-12)


@given(REWARDS)
def test_group_agrees_with_the_standard_library(rewards: list[float]) -> None:
    spread = statistics.pstdev(rewards)
    expected = [(r - statistics.fmean(rewards)) / spread if spread else 0.0 for r in rewards]
    assert group(rewards) == pytest.approx(expected, abs=1e-4)


def test_what_was_not_measured_is_left_out_and_never_0() -> None:
    """1 0 beside None: the mean is 1/2, not 1/3."""
    assert group([1, None, 0], scale=False) == [0.5, None, -0.5]
    assert leave_one_out([1, None, 0]) == [1, None, -1]
    assert group([None, None]) == [None, None] == leave_one_out([None, None])
    assert group([0.7, None]) == [0, None] == leave_one_out([0.7, None])


def test_equal_rewards_teach_nothing_exactly() -> None:
    """Their mean is not always the number itself: (0.1 + 0.1 + 0.1) / 3 > 0.1 in floats."""
    assert group([0.1] * 3) == [0, 0, 0] == leave_one_out([0.1] * 3)
    assert not has_signal([0.1, None, 0.1]) and has_signal([0.1, None, 0.2]) and not has_signal([None])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_reward_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="give None"):
        group([1.0, bad])


def test_normalised_over_all_tokens_so_that_long_attempts_count_more() -> None:
    """1 1 1 and -1: mean 1/2, spread sqrt(3)/2."""
    root = math.sqrt(3)
    assert normalize_advantages([[1, 1, 1], [-1]]) == [
        pytest.approx([1 / root] * 3, abs=1e-5),
        pytest.approx([-root], abs=1e-5),
    ]
    assert normalize_advantages([[2.0], [], [2.0]]) == [[0.0], [], [0.0]]


def test_rewards_to_go() -> None:
    assert returns_to_go([1, 2, 4]) == [7, 6, 4]
    assert returns_to_go([]) == []


def test_the_soft_punishment_for_length() -> None:
    """At most 100 tokens, 20 of them the cache: 0 up to 80, -1/2 at 90, -1 at 100 and beyond."""
    assert [overlong_penalty(n, 100, 20) for n in (10, 80, 85, 90, 100, 120)] == [0, 0, -0.25, -0.5, -1, -1]


def test_process_supervision_by_hand() -> None:
    """Step rewards 1 0 of one attempt and 1 0 of another: normalised 1 -1 and 1 -1. Attempt one ends its
    steps at tokens 1 and 3 of 5, the other at 0 and 1 of 2; a token has the sum of the steps that end at it
    or later."""
    found = process_advantages([[1, 0], [1, 0]], [[1, 3], [0, 1]], [5, 2])
    assert found[0] == pytest.approx([0, 0, -1, -1, 0], abs=1e-5)
    assert found[1] == pytest.approx([0, -1], abs=1e-5)
    with pytest.raises(ValueError, match="one end each"):
        process_advantages([[1, 0]], [[1]], [5])
    with pytest.raises(ValueError, match="one end each"):
        process_advantages([[1]], [[5]], [5])


def test_returns_of_steps_are_compared_with_whole_attempts_by_hand() -> None:
    """Rewards 0 -1 at tokens 1 3 of 4, and 0 at 1 of 2: returns -1 -1 -1 -1 and 0 0. The wholes are -1 and 0,
    their mean -1/2; the spread of the six is sqrt(2)/3."""
    spread = math.sqrt(2) / 3
    first, second = return_advantages([[0.0, -1.0], [0.0]], [[1, 3], [1]], [4, 2])
    assert first == pytest.approx([-0.5 / spread] * 4, abs=1e-4)
    assert second == pytest.approx([0.5 / spread] * 2, abs=1e-4)
    first, _ = return_advantages(
        [[0.5, -1.0], [0.0]], [[1, 3], [1]], [4, 2]
    )  # wholes -1/2 and 0; later only the -1
    assert first[0] == first[1] > first[2] == first[3]
    assert return_advantages([[0.0], [0.0, 0.0], []], [[0], [0, 1], []], [1, 2, 1]) == [[0], [0, 0], [0]]
    with pytest.raises(ValueError, match="one end each"):
        return_advantages([[1.0]], [[2]], [2])


def test_steps_that_earn_nothing_are_paid_by_a_mean_per_step_and_not_by_returns() -> None:
    """Clipped scores: a bad step beside one that is good, or good eight times. By steps the eight are worth
    more than the one; as wholes the two are the same."""
    rewards, ends = [[-0.4], [0.0], [0.0] * 8], [[7], [7], list(range(8))]
    bad, once, often = (row[0] for row in process_advantages(rewards, ends, [8, 8, 8]))
    assert often > 7 * once > 0 > bad
    bad, once, often = (row[0] for row in return_advantages(rewards, ends, [8, 8, 8]))
    assert often == once > 0 > bad
