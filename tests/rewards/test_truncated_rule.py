"""Which rollouts are right: the rule about truncated ones."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.rewards.compose import Rewards, Weighted, column_table
from numerate.rewards.correct import reward_value, score_rollout, truncation_stats
from numerate.types import Finish, Problem, Rollout, Scored, Turn

SUM = Problem("q", "What is 2+3?", "5")


def rollout(text: str = "2+3=5\n#### 5\nThe pen costs", finish: Finish = "length") -> Rollout:
    return Rollout("q", 0, (Turn("user", "?", (1,)), Turn("assistant", text, (7,), trained=True)), finish)


@pytest.mark.parametrize("finish", ["length", "max_turns", "tool_error"])
def test_a_truncated_rollout_is_right_only_where_an_option_says_so(finish: Finish) -> None:
    held = rollout(finish=finish)
    assert score_rollout(SUM, held).reward.value == 0
    assert score_rollout(SUM, held).rollout.answer == "5", "what it answered is stored all the same"
    assert score_rollout(SUM, held, grade_truncated=True).reward.value == 1
    assert score_rollout(SUM, rollout(finish="stop")).reward.value == 1
    assert reward_value(SUM, held, {"fallback": "none"}) == 0
    assert reward_value(SUM, held, {"fallback": "none"}, grade_truncated=True) == 1


def test_without_a_reference_answer_nothing_is_known() -> None:
    assert score_rollout(Problem("q", "?", ""), rollout()).reward.value is None


def test_what_the_text_held_is_counted_apart() -> None:
    """Of four: one finished, one truncated with the answer in its text, two truncated without."""
    rows = [rollout("#### 5", "stop"), rollout("#### 5"), rollout("#### 6"), rollout("So")]
    for option in (False, True):
        shares = truncation_stats([score_rollout(SUM, row, grade_truncated=option) for row in rows])
        assert shares == {"rollouts/truncated": 0.75, "rollouts/truncated_right": 0.25}
    assert truncation_stats([])["rollouts/truncated"] == 0


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize("options", [{}, {"fallback": "none"}])
def test_the_rewards_of_a_recipe_follow_the_rule(paid: bool, options: dict[str, Any]) -> None:
    graded = [
        score_rollout(SUM, rollout(finish=finish), grade_truncated=paid) for finish in ("length", "stop")
    ]
    rewards = Rewards((Weighted("correct", 1.0, options),), "plain", grade_truncated=paid)
    assert [scored.reward.value for scored in rewards([SUM, SUM], graded)] == [float(paid), 1]


def test_functions_are_told_of_it() -> None:
    """Column `correct`, and beside it `finish`."""
    graded: list[Scored] = [score_rollout(SUM, rollout()), score_rollout(SUM, rollout(finish="stop"))]
    columns = column_table([SUM, SUM], graded, "plain")
    assert (columns["correct"], columns["finish"]) == ([0, 1], ["length", "stop"])
