"""The reward of a right final answer."""

from __future__ import annotations

from numerate.rewards.correct import score_rollout
from numerate.types import Problem, Rollout, Turn


def rollout(text: str) -> Rollout:
    return Rollout("p", 0, (Turn("user", "#### 7"), Turn("assistant", text, trained=True)))


def test_only_what_the_policy_wrote_is_graded() -> None:
    problem = Problem("p", "How many?", "72", kind="number")
    scored = score_rollout(problem, rollout("48+24=72\n#### 72.0"))
    right = scored.reward
    assert scored.rollout.answer == "72.0"
    assert (right.value, dict(right.parts)) == (1.0, {"correct": 1.0})
    assert score_rollout(problem, rollout("48+24=73\n#### 73")).reward.value == 0.0
    assert score_rollout(Problem("p", "", "7", kind="number"), rollout("I do not know")).reward.value == 0.0


def test_a_problem_without_an_answer_has_no_reward() -> None:
    reward = score_rollout(Problem("p", "How many?", " "), rollout("#### 72")).reward
    assert (reward.value, dict(reward.parts)) == (None, {"correct": None})
