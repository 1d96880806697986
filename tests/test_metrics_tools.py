"""Rows of metrics.json about calls of programs, from hand-made groups."""

from __future__ import annotations

import numpy as np
import pytest

from numerate.evaluate import greedy_rows, sampled_rows
from numerate.metric_rows import episode_rows
from numerate.metrics import wilson
from numerate.metrics.intervals import mean_interval, ratio_interval
from numerate.types import Finish, Group, Problem, Reward, Rollout, Scored, Turn

CALL = Turn("assistant", "call", (1, 2), (-1.0, -1.0), trained=True)
DONE = Turn("assistant", "#### 6", (3,), (-1.0,), trained=True)
SUPPLIED = Turn("assistant", "6>>", (4,))


def output(status: str = "ok") -> Turn:
    return Turn("tool", "\n6\n```\n", (7, 8, 9), status=status)


def group(name: str, *rollouts: tuple[Turn, ...], finish: Finish = "stop") -> Group:
    scored = tuple(
        Scored(Rollout(name, index, (Turn("user", "?", (5,)), *turns), finish, "6"), Reward(1.0))
        for index, turns in enumerate(rollouts)
    )
    return Group(Problem(name, "?", "6"), scored)


GREEDY = [
    group("a", (CALL, output(), DONE)),
    group("b", (CALL, output("error"), CALL, output(), CALL, output("memory"), DONE)),
    group("c", (DONE,)),
    group("d", (CALL, output("error"), CALL), finish="max_turns"),
]


def test_shares_are_of_all_calls_and_intervals_over_the_problems_that_have_some():
    """5 calls: 2 errors, 1 at a limit. Problem c has none."""
    rows = {row["metric"]: row for row in episode_rows("greedy episodes", GREEDY)}
    assert (rows["tool_calls"]["value"], rows["tool_calls"]["n"]) == (5 / 4, 4)
    assert rows["tool_turns"]["value"] == (2 + 4 + 1 + 2) / 4
    assert (rows["tool_errors"]["value"], rows["tool_errors"]["n"]) == (2 / 5, 3)
    assert rows["tool_errors"]["low"] < 1 / 3 < 2 / 5 < rows["tool_errors"]["high"]
    assert rows["tool_limits"]["value"] == 1 / 5
    assert rows["answer_printed"]["value"] == 2 / 4
    assert rows["finish_max_turns"]["value"] == 1 / 4


def test_a_share_of_none_has_wilsons_interval_over_problems():
    rows = {row["metric"]: row for row in episode_rows("greedy episodes", GREEDY)}
    assert (rows["tool_crashes"]["low"], rows["tool_crashes"]["high"]) == wilson(0, 3)
    assert (rows["tool_flaws"]["low"], rows["tool_flaws"]["high"]) == wilson(0, 4)


def test_rollouts_with_a_calculator_only_have_no_such_rows():
    groups = [group("a", (CALL, SUPPLIED, DONE)), group("b", (DONE,))]
    names = {row["metric"] for row in greedy_rows(groups) + sampled_rows(groups, [1])}
    assert not [name for name in names if name.startswith(("tool_", "finish_", "answer_printed"))]


def test_greedy_rollouts_and_samples_have_rows_of_their_own():
    samples = [group("a", (CALL, output(), DONE), (DONE,)), group("b", (DONE,), (DONE,))]
    greedy = {row["metric"]: row for row in greedy_rows(GREEDY)}
    sampled = {(row["metric"], row["k"]): row["value"] for row in sampled_rows(samples, [1, 2])}
    assert greedy["tool_calls"]["value"] == 5 / 4 and "tool_calls_sampled" not in greedy
    assert sampled["tool_calls_sampled", 2] == 1 / 4 and ("tool_calls", 1) not in sampled


def test_a_ratio_with_equal_denominators_is_a_mean():
    parts = [0.0, 1.0, 1.0, 3.0]
    assert ratio_interval(parts, [2.0] * 4) == pytest.approx(mean_interval([part / 2 for part in parts]))


def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says():
    """200 sets of 60 problems with 1 to 5 calls, of which the problem's own share fails: 0.2 of all."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        wholes = random.integers(1, 6, 60)
        parts = random.binomial(wholes, np.where(random.random(60) < 0.5, 0.1, 0.3))
        _, low, high = ratio_interval(parts.tolist(), wholes.tolist(), resamples=400)
        covered += low <= 0.2 <= high
    assert 180 <= covered <= 199


def test_a_problem_without_a_denominator_is_refused():
    with pytest.raises(ValueError, match="not above 0"):
        ratio_interval([1.0, 0.0], [1.0, 0.0])
