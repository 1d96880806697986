"""The conditions on made-up logs: each is seen where it begins, is silent before, and is said once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numerate import methods
from numerate.config.build import inner_keys
from numerate.metrics import health
from numerate.metrics.conditions import STATS
from numerate.metrics.health import CHECKS, check_row

HEALTHY = {
    "rollouts/count": 64.0,
    "rollouts/length": 50.0,
    "rollouts/truncated": 0.1,
    "rollouts/unanswered": 0.1,
    "rollouts/no_room": 0.0,
    "rollouts/zero_variance": 0.4,
    "reward/unmeasured": 0.0,
    "reward/mean": 0.4,
    "policy/entropy": 0.6,
    "train/grad_norm": 0.3,
    "train/kl": 0.01,
    "train/old_kl": 0.001,
    "drift/mean": 1e-6,
}


def seen(rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, float]], list[tuple[int, str]]]:
    """What holds in each row, and what begins where; the state travels through JSON, as in a checkpoint."""
    state: Any = None
    holds: list[dict[str, float]] = []
    begun: list[tuple[int, str]] = []
    for place, row in enumerate(rows):
        state, now, begins = check_row(json.loads(json.dumps(state)), row)
        holds.append(now)
        begun += [(place, name) for name in begins]
    assert len(json.dumps(state)) < 4000  # it is in every checkpoint
    return holds, begun


def healthy(n: int, **more: Any) -> list[dict[str, Any]]:
    return [HEALTHY | more for _ in range(n)]


def turns(name: str, *values: Any) -> list[dict[str, Any]]:
    return [HEALTHY | {name: value} for value in values]


def test_a_healthy_log_says_nothing() -> None:
    """Noise as in a run: shares of 64 rollouts, norms that differ by half."""
    rng = np.random.default_rng(0)
    rows = [
        HEALTHY
        | {
            "rollouts/truncated": rng.binomial(64, 0.25) / 64,
            "rollouts/unanswered": rng.binomial(64, 0.25) / 64,
            "rollouts/zero_variance": rng.binomial(8, 0.6) / 8,
            "train/grad_norm": 0.3 * rng.lognormal(0, 0.7),
            "policy/entropy": 0.6 * 0.995**t,
            "reward/mean": 0.4 + t / 1000,
        }
        | ({"validation/accuracy": 0.5 + rng.normal(0, 0.01)} if t % 5 == 0 else {})
        for t in range(300)
    ]
    assert seen(rows)[1] == []


@pytest.mark.parametrize(
    ("name", "rows", "at", "value"),
    [
        ("zero_variance", healthy(4) + turns("rollouts/zero_variance", 1, 1, 1, 1), 6, 1.0),
        ("zero_variance", [{"reward/mean": 0.0, "reward/equal": 1.0}] * 3, 2, 1.0),
        ("truncated", healthy(4) + turns("rollouts/truncated", 0.9, 0.9), 5, 1.9 / 3),
        ("no_eos", [HEALTHY | {"rollouts/truncated": 1.0}] * 2, 0, 1.0),
        ("truncated", [HEALTHY | {"rollouts/truncated": 0.8, "tools/max_turns": 0.2}] * 2, 0, 0.6),
        ("max_turns", [HEALTHY | {"rollouts/truncated": 0.8, "tools/max_turns": 0.7}] * 2, 0, 0.7),
        ("failed_calls", [*healthy(2), HEALTHY | {"tools/calls": 2.0, "tools/failures": 0.7}], 2, 0.7),
        ("few_calls", [*healthy(1), *[HEALTHY | {"tools/calls": 0.0}] * 3], 3, 0.0),
        ("unclosed_calls", [HEALTHY | {"tools/calls": 0.4, "tools/unclosed": 0.6}], 0, 0.6),
        ("malformed_calls", [HEALTHY | {"tools/no_program": 0.3, "tools/not_json": 0.3}], 0, 0.6),
        ("unanswered", [HEALTHY | {"rollouts/unanswered": 0.6}] * 2, 0, 0.6),
        ("no_room", healthy(2) + turns("rollouts/no_room", 1 / 64), 2, 1 / 64),
        ("unmeasured", [HEALTHY | {"reward/unmeasured": 0.75}], 0, 0.75),
        ("overlong", [{"train/loss": 1.0, "data/rows": 10.0, "data/overlong": 30.0}], 0, 0.75),
        ("entropy", healthy(3) + turns("policy/entropy", 0.05, 0.05, 0.05), 5, 0.05),
        ("entropy", [HEALTHY | {"policy/entropy": 0.004}] * 3, 2, 0.004),
        ("kl", healthy(1) + turns("train/kl", 0.6, 0.7, 0.8), 3, 0.7),
        ("kl", [{"train/kl": 1.2}] * 3, 2, 1.2),
        ("step_kl", healthy(3) + turns("train/old_kl", 8.9, 8.9, 8.9), 3, 8.902 / 3),
        ("step_kl", [{"train/old_kl": 0.2}] * 3, 2, 0.2),
        ("spike", healthy(10) + turns("train/grad_norm", 6.0), 10, 20.0),
        ("drift", [HEALTHY | {"drift/mean": 0.1}] * 3, 2, 0.1),
    ],
)
def test_a_condition_is_seen_where_it_begins(
    name: str, rows: list[dict[str, Any]], at: int, value: float
) -> None:
    holds, begun = seen(rows)
    assert [(place, other) for place, other in begun if other == name] == [(at, name)], begun
    assert holds[at][name] == pytest.approx(value, rel=1e-3)
    assert not any(name in row for row in holds[:at])
    assert str(health.condition_line(name, value)).count("Remedy: ") == 1


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_rollouts_that_want_more_calls_need_no_more_tokens(share: float) -> None:
    rows = [HEALTHY | {"rollouts/truncated": share, "tools/max_turns": share, "tools/tool_error": 0.0}] * 3
    assert [name for _, name in seen(rows)[1]] == ["max_turns"]


def test_few_calls_say_little_about_failures() -> None:
    """Of 64 rollouts 3 call a program, and all 3 calls fail: may be chance."""
    rows = [HEALTHY | {"tools/calls": 3 / 64, "tools/failures": 1.0}]
    assert seen(rows)[1] == []


def test_validation_that_falls_while_the_reward_rises() -> None:
    """Three validations, ten rows apart, each lower; not where the reward falls too."""

    def rows(slope: float) -> list[dict[str, Any]]:
        return [
            HEALTHY
            | {"reward/mean": 0.4 + slope * t}
            | ({"validation/accuracy": 0.6 - 0.003 * t} if t % 10 == 9 else {})
            for t in range(40)
        ]

    holds, begun = seen(rows(0.005))
    assert begun == [(29, "validation")] and holds[29]["validation"] == pytest.approx(0.06)
    assert seen(rows(-0.005))[1] == []


@pytest.mark.parametrize("signal", ["train/baseline", "train/reverse_kl", "judge/score"])
def test_equal_rewards_are_no_fault_where_the_gradient_has_another_source(signal: str) -> None:
    rows = healthy(5, **{"rollouts/zero_variance": 1.0, signal: 0.5})
    assert seen(rows)[1] == []


def test_few_rollouts_do_not_make_a_share_sure() -> None:
    """3 of 8 are above a third by chance; 8 of 8 are not."""
    few = {"rollouts/count": 8.0, "rollouts/truncated": 3 / 8}
    assert seen([few])[1] == []
    assert seen([few | {"rollouts/truncated": 1.0}])[1] == [(0, "truncated")]


def test_a_spike_below_the_clip_and_the_first_steps_are_none() -> None:
    small = turns("train/grad_norm", *([0.001] * 20), 0.5)
    assert seen(small)[1] == []
    assert seen(turns("train/grad_norm", *([0.3] * 9), 60.0))[1] == []
    assert seen(turns("train/grad_norm", *([0.3] * 12), None, float("inf"), 0.3))[1] == []  # float16's scale


def test_what_comes_and_goes_is_said_again_only_after_a_while() -> None:
    on, off = {"rollouts/no_room": 0.5}, {"rollouts/no_room": 0.0}
    _, begun = seen([HEALTHY | on, HEALTHY | off, HEALTHY | on, *[HEALTHY | off] * 11, HEALTHY | on])
    assert begun == [(0, "no_room"), (14, "no_room")]


def test_the_table_is_whole() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS) == 18
    for check in CHECKS:
        assert check.says.format(value=0.5) != check.says and check.remedy and check.reason
    assert list(STATS) == sorted(set(STATS))


def test_the_page_has_every_condition_in_order() -> None:
    page = Path(__file__).parents[1] / "docs" / "health-conditions.md"
    names = re.findall(r"^\| `(\w+)` \| (?!condition)", page.read_text("utf-8"), flags=re.MULTILINE)
    assert names == [check.name for check in CHECKS]


def test_the_remedies_name_options_by_the_path_that_a_recipe_has() -> None:
    inner = {key for name in methods.METHODS for key in inner_keys(methods.get_method(name).Config)}
    alone = {key.partition(".")[2] for key in inner if "_" in key} | {"warmup", "keep:"}
    for check in CHECKS:
        words = re.findall(r"(?<![\w./-])[a-z_]+(?:\.[a-z_]+)*(?:(?<=keep):)?(?![\w/])", check.remedy)
        assert not {word.rstrip(":") for word in words if word.count(".") == 1} - inner, check.name
        assert not set(words) & alone, check.name
