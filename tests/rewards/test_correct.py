"""The reward of a right final answer."""

from __future__ import annotations

import pytest

from numerate.rewards.correct import correct, score
from numerate.types import Problem, Rollout, Turn


def rollout(text: str) -> Rollout:
    return Rollout("p", 0, (Turn("user", "#### 7"), Turn("assistant", text, trained=True)))


def test_only_what_the_policy_wrote_is_graded() -> None:
    problem = Problem("p", "How many?", "72", kind="number")
    scored = score(problem, rollout("48+24=72\n#### 72.0"))
    right = scored.reward
    assert scored.rollout.answer == "72.0"
    assert (right.value, dict(right.parts)) == (1.0, {"correct": 1.0})
    assert score(problem, rollout("48+24=73\n#### 73")).reward.value == 0.0
    assert score(Problem("p", "", "7", kind="number"), rollout("I do not know")).reward.value == 0.0


def test_a_problem_without_an_answer_has_no_reward() -> None:
    reward = score(Problem("p", "How many?", " "), rollout("#### 72")).reward
    assert (reward.value, dict(reward.parts)) == (None, {"correct": None})


def test_the_function_takes_texts_and_messages_and_reads_its_columns() -> None:
    completions = [
        "#### 1,000",
        [{"role": "assistant", "content": r"so \boxed{\frac{1}{2}}"}],
        "The answer is B.",
        "#### 3",
    ]
    rewards = correct(
        ["q"] * 4,
        completions,
        answer=["1000", "0.5", "B", None],
        kind=["number", "math", "choice", "number"],
        choices=[(), (), [("A", "red"), ("B", "blue")], ()],
        trainer_state=object(),
    )
    assert rewards == [1.0, 1.0, 1.0, None]


def test_only_the_assistant_speaks_in_a_completion() -> None:
    turns = [{"role": "tool", "content": "#### 5"}, {"role": "assistant", "content": "#### 6"}]
    assert correct(["q"], [turns], answer=["6"]) == [1.0]
    assert correct(["q"], [turns], answer=["5"]) == [0.0]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({}, "'answer' is missing"),
        ({"answer": ["1"]}, "one value for each of the 2"),
        ({"answer": "12"}, "one value for each of the 2"),
        ({"answer": ["1", "2"], "kind": ["number", "poem"]}, "row 1: kind 'poem'"),
    ],
)
def test_columns_that_cannot_be_used_are_named(columns: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        correct(["q", "q"], ["#### 1", "#### 2"], **columns)
