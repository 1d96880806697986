"""Measurement: every number worked by hand on attempts that are written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate.evaluate import Measured, difference_rows, evaluate_model, powers_of_two, reference_models
from numerate.metric_rows import accuracy_row, catalog_row, mean_row
from numerate.metrics import catalog, wilson
from numerate.models.policy import Policy
from numerate.progress import QuietProgress
from numerate.report import differences
from numerate.rollouts.local import LocalEngine
from numerate.types import Problem, Sampling
from tests import tiny
from tests.methods import toy

PROBLEMS = [replace(p, meta={"steps": i % 2 + 1}) for i, p in enumerate(toy.PROBLEMS[:4])]
"""answers 1, 3, 5, 7"""


def attempt(problem: Problem, index: int, params: Sampling) -> str:
    """Greedy: right on the first two, a wrong number on the third, no answer on the fourth. Sampled, of four:
    the first problem R R W W, the second W W R and nothing, both wrongs alike, the others all wrong."""
    right, i = int(problem.answer), int(problem.id[-1])
    if params.temperature == 0:
        return [f"#### {right}", f"It is {right}.0\n#### {right}.0", "#### 99", "I do not know"][i]
    texts = {
        0: [f"#### {right}", f"so #### {right}", "#### 98", "#### 99"],
        1: ["#### 98", "#### 98", f"#### {right}", "no idea"],
    }
    return texts.get(i, ["#### 95", "#### 96", "#### 97", "#### 98"])[index]


def measured(folder: Path, source: str = "toy", **more: Any) -> Measured:
    engine = toy.Scripted(Policy(tiny.model(), tiny.tokenizer()), attempt)
    problems = [replace(p, source=source) for p in PROBLEMS]
    settings = {"samples": 4, "ks": (1, 2, 4)} | more
    return evaluate_model("m", "test", problems, engine, folder, QuietProgress(), **settings)


def value(found: Measured, metric: str, k: int = 1, **more: Any) -> float:
    rows = [
        row
        for row in found.rows
        if row["metric"] == metric and row["k"] == k and all(row.get(a) == b for a, b in more.items())
        if more or "by" not in row
    ]
    assert len(rows) == 1
    return rows[0]["value"]


def test_greedy_numbers_by_hand(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert value(found, "accuracy") == 2 / 4
    assert value(found, "unanswered") == 1 / 4
    assert value(found, "truncated") == 0
    assert list(found.greedy_right.values()) == [True, True, False, False]
    assert value(found, "accuracy", by="steps", group="1") == 1 / 2
    assert value(found, "accuracy", by="steps", group="2") == 1 / 2


def test_sampled_numbers_by_hand(tmp_path: Path) -> None:
    """Right: 2, 1, 0, 0 of 4. pass@2 of 2 in 4: 1 - C(2,2)/C(4,2) = 5/6; of 1 in 4: 1 - C(3,2)/C(4,2) =
    1/2. The vote of all four is right on the first problem only; the two largest clusters hold the right
    answer on two."""
    found = measured(tmp_path)
    assert value(found, "sampled_accuracy", k=4) == pytest.approx((2 / 4 + 1 / 4) / 4)
    assert value(found, "pass_at_k", 1) == pytest.approx((2 / 4 + 1 / 4) / 4)
    assert value(found, "pass_at_k", 2) == pytest.approx((5 / 6 + 1 / 2) / 4)
    assert value(found, "pass_at_k", 4) == pytest.approx(2 / 4)
    assert value(found, "maj_at_k", 4) == pytest.approx(1 / 4)
    assert value(found, "majk_at_n", 2) == pytest.approx(2 / 4)
    assert value(found, "diversity_exact", k=4) == pytest.approx((4 + 3 + 4 + 4) / 4)
    assert value(found, "diversity_exact_right", k=4) == pytest.approx((2 + 1) / 4)


def test_strict_grading_stands_beside_the_numeric_one_on_gsm8k_only(tmp_path: Path) -> None:
    """`3.0` is the number 3 but not the text `3` that the official rule wants."""
    found = measured(tmp_path / "a", source="gsm8k/test")
    assert (value(found, "accuracy"), value(found, "accuracy_strict")) == (2 / 4, 1 / 4)
    assert not any(row["metric"] == "accuracy_strict" for row in measured(tmp_path / "b").rows)


def test_greedy_accuracy_stands_beside_the_samples_on_the_same_problems(tmp_path: Path) -> None:
    """Greedy is right on the first two of four problems; the first one alone is sampled: 1 of 1. pass@4 is of
    that one problem too, and each row says of how many it is."""
    found = measured(tmp_path, samples_limit=1)
    sizes = {row["metric"]: row["n"] for row in found.rows if "by" not in row}
    assert (value(found, "accuracy"), sizes["accuracy"]) == (2 / 4, 4)
    assert (value(found, "accuracy_on_sampled"), sizes["accuracy_on_sampled"]) == (1, 1)
    assert (value(found, "pass_at_k", 4), sizes["pass_at_k"]) == (1, 1)


def test_differences_pair_the_problems() -> None:
    before, after = {"a": False, "b": True, "c": False}, {"a": True, "b": True, "c": True}
    both = {("base", "t"): Measured([], before), ("y", "t"): Measured([], after)}
    [only] = difference_rows(both, {"y": "base"}, "base")
    assert (only["model"], only["versus"], only["value"]) == ("y", "base", pytest.approx(2 / 3))
    assert only["n"] == 3
    assert only["p"] == 0.5  # exact: two pairs that differ, in one direction


def test_three_problems_more_of_four_are_no_significant_difference() -> None:
    before, after = dict.fromkeys("abcd", False), {"a": True, "b": True, "c": True, "d": False}
    both = {("base", "t"): Measured([], before), ("y", "t"): Measured([], after)}
    rows = difference_rows(both, {"y": "base"}, "base")
    [shown] = differences({"results": rows})
    assert (shown.p_text, shown.verdict) == ("p = 0.250", "not significant")


def test_a_model_is_compared_with_its_initial_policy_and_with_the_base() -> None:
    """grpo and ppo both start from sft, and judge leaves no policy; last starts from grpo. Before, ppo was
    compared with grpo, which stands before it in the list."""
    starts = {"sft": "base", "grpo": "sft", "judge": "sft", "ppo": "sft", "last": "grpo"}
    right = {"base": 0, "sft": 1, "grpo": 2, "ppo": 3, "last": 4}
    found = {
        (model, "t"): Measured([], {str(i): i < hits for i in range(4)}) for model, hits in right.items()
    }
    rows = difference_rows(found, starts, "base")
    assert {(row["model"], row["versus"]): row["value"] for row in rows} == {
        ("sft", "base"): 1 / 4,
        ("grpo", "sft"): 1 / 4,
        ("grpo", "base"): 2 / 4,
        ("ppo", "sft"): 2 / 4,
        ("ppo", "base"): 3 / 4,
        ("last", "grpo"): 2 / 4,
        ("last", "base"): 4 / 4,
    }


def test_models_that_were_not_measured_are_passed_over() -> None:
    """a -> b (not measured) -> base: b's own start stands for it. Without the base there is nothing."""
    starts = {"b": "base", "a": "b", "c": "b"}
    assert reference_models("a", starts, "base", {"a", "base"}) == ["base"]
    assert reference_models("a", starts, "base", {"a", "b", "base"}) == ["b", "base"]
    assert reference_models("a", starts, "base", {"a", "c"}) == []
    assert reference_models("base", starts, "base", {"a", "base"}) == []


def test_powers() -> None:
    assert [powers_of_two(1), powers_of_two(6), powers_of_two(8)] == [[1], [1, 2, 4, 6], [1, 2, 4, 8]]


def test_equal_values_have_wilsons_interval_where_they_are_shares_and_else_none() -> None:
    low, high = wilson(0, 4)
    [share] = catalog_row(catalog.find("truncated_sampled"), [0.0] * 4)
    [count] = catalog_row(catalog.find("tokens_mean"), [256.0] * 4)
    assert (share["low"], share["high"]) == (low, high) == (0, pytest.approx(0.4899, abs=1e-4))
    assert (count["value"], count["low"], count["high"]) == (256, None, None)
    assert accuracy_row("pass_at_k", [0.5] * 4)["low"] is mean_row("diversity_exact", [3.0])["high"] is None


def test_one_number_has_one_interval(tmp_path: Path) -> None:
    rows = measured(tmp_path).rows
    sampled = next(row for row in rows if row["metric"] == "sampled_accuracy")
    passed = next(row for row in rows if row["metric"] == "pass_at_k" and row["k"] == 1)
    assert [sampled[key] for key in ("value", "low", "high")] == [
        passed[key] for key in ("value", "low", "high")
    ]
    assert all(row["low"] != row["high"] or row["low"] is None for row in rows)


def test_greedy_only_and_samples_only(tmp_path: Path) -> None:
    greedy = measured(tmp_path / "a", samples=0)
    assert not any(row["metric"] == "pass_at_k" for row in greedy.rows)
    sampled = measured(tmp_path / "b", greedy=False)
    assert sampled.greedy_right == {} and not any(row["metric"] == "accuracy" for row in sampled.rows)


@pytest.mark.parametrize("more", [{"samples": 0}, {"greedy": False, "samples": 2, "ks": (1,)}])
def test_problems_that_do_not_fit_the_context_are_said_and_counted(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    policy, said = Policy(tiny.model(), tiny.tokenizer()), list[str]()
    progress = QuietProgress()
    progress.say = said.append  # pyright: ignore
    assert policy.context is not None
    long = replace(PROBLEMS[1], question="Add 7 and 7. " * policy.context)
    found = evaluate_model(
        "m", "test", [PROBLEMS[0], long], LocalEngine(policy), tmp_path, progress, max_tokens=3, **more
    )
    assert value(found, "no_room") == 1 / 2
    [line] = [line for line in said if "are longer than the context of m" in line]
    assert line.startswith("1 of 2 problems of test (first: 'sum-1')") and f"{policy.context:,}" in line
    fits = evaluate_model("m", "test", PROBLEMS, LocalEngine(policy), tmp_path / "all", progress, samples=0)
    assert not any(row["metric"] == "no_room" for row in fits.rows)
