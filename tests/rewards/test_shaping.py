"""Rewards for the form of an attempt: hand-worked numbers, and as parts of a recipe's sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.rewards import shaping
from numerate.rewards.compose import Rewards, Weighted, check_rewards
from numerate.types import Kind, Problem, Reward, Rollout, Scored, Turn

PATH = "numerate.rewards.shaping"


def of_length(*lengths: int) -> list[list[int]]:
    return [list(range(length)) for length in lengths]


def test_cosine_length_by_hand() -> None:
    """At 0, a quarter, half and three quarters of 100 tokens: 1 + cos is 2, 1.7071, 1, 0.2929."""
    lengths = of_length(0, 25, 50, 75)
    right = shaping.cosine_length(lengths, [1.0] * 4, longest=100)
    assert right == pytest.approx([1.0, 0.5 + 0.25 * 1.70711, 0.75, 0.5 + 0.25 * 0.29289], abs=1e-5)
    wrong = shaping.cosine_length(lengths, [0.0] * 4, longest=100)
    assert wrong == pytest.approx([-0.5, -0.25 * 1.70711, -0.25, -0.25 * 0.29289], abs=1e-5)


def test_too_long_is_too_long_whatever_the_answer() -> None:
    lengths, correct = of_length(100, 101, 100), [1.0, 0.0, None]
    assert shaping.cosine_length(lengths, correct, longest=100, exceeded=-3.0) == [-3, -3, None]


@given(st.integers(0, 199), st.integers(0, 199))
def test_right_had_better_be_short_and_wrong_long(a: int, b: int) -> None:
    short, long = sorted((a, b))
    right = shaping.cosine_length(of_length(short, long), [1.0, 1.0], longest=200)
    wrong = shaping.cosine_length(of_length(short, long), [0.0, 0.0], longest=200)
    assert (right[0] or 0) >= (right[1] or 0) > 0 >= (wrong[1] or 0) >= (wrong[0] or 0)


def test_repetition_by_hand() -> None:
    """Pairs of 5 5 5 5 5: four, all the same. 1 2 1 2 1: four, two of them different."""
    ids = [[1, 2, 3, 4], [5] * 5, [1, 2, 1, 2, 1], [7], []]
    assert shaping.repetition(ids, n=2) == [0.0, -0.75, -0.5, 0.0, 0.0]


def test_overlong_by_hand() -> None:
    assert shaping.overlong(of_length(80, 90, 100, 120), longest=100, cache=20) == [0.0, -0.5, -1.0, -1.0]


def test_a_marked_answer_is_told_from_one_that_is_looked_for() -> None:
    texts = ["2+2=4\n#### 4", r"so \boxed{4}", "the answer is 4", "it makes 4 apples", ""]
    kinds: list[Kind] = ["number"] * 5
    assert shaping.answer_format(texts, kinds) == [1, 1, 0, 0, 0]


def test_they_stand_beside_correct_with_weights_and_options() -> None:
    problem = Problem("a", "1+1?", "2")
    turns = [Turn("assistant", text, ids, trained=True) for text, ids in (("2", (1,)), ("3", (5, 5, 5, 5)))]
    attempts = [
        Scored(Rollout("a", i, (turn,)), Reward(float(not i), {"correct": float(not i)}))
        for i, turn in enumerate(turns)
    ]
    rewards = (
        "correct",
        Weighted(f"{PATH}.repetition", 2.0, {"n": 2}),
        Weighted(f"{PATH}.cosine_length", 1.0, {"longest": 4}),
    )
    assert check_rewards(rewards) == []
    found = [one.reward.value for one in Rewards(rewards, "plain")([problem] * 2, attempts)]
    short = 0.5 + 0.25 * (1 + 2**-0.5)
    assert found == pytest.approx([1 + short, 2 * (1 / 3 - 1) - 0.5])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"m": 3}, "has no option 'm', but: n"),
        ({"completion_ids": 3}, "has no option 'completion_ids'"),
        ({"n": "three"}, "n is 3 by default, not 'three'"),
        ({"n": 2.5}, "n is 3 by default, not 2.5"),
    ],
)
def test_a_wrong_option_is_told_before_anything_runs(options: dict[str, float | str], said: str) -> None:
    [found] = check_rewards((Weighted(f"{PATH}.repetition", 1.0, options),))
    assert said in found
    assert (
        "no option 'n', but: fallback, unfinished" in check_rewards((Weighted("correct", 1.0, {"n": 3}),))[0]
    )
