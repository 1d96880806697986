"""Rewards from step scores: the published examples, and what makes them safe to optimise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.credit import AGGREGATES, aggregate, clip, delta

SCORES = st.lists(st.floats(0, 1), max_size=12)


def close(values: list[float], wanted: list[float]) -> bool:
    return values == pytest.approx(wanted, abs=1e-12)


def test_the_worked_example_of_aggregation(vectors: dict[str, Any]):
    """(.9 + .8 + .3 + .95) / 4 = .7375; .9 * .8 * .3 * .95 = .2052."""
    vector = vectors["prm_orm_ppo"]["aggregation"]
    for how in ("avg", "prod", "max", "min"):
        assert aggregate(vector["step_probs"], how) == pytest.approx(vector[how], abs=1e-12)
    assert aggregate(vector["step_probs"], "last") == 0.95


@pytest.mark.parametrize("how", AGGREGATES)
def test_a_solution_without_steps_has_earned_nothing(how: str):
    assert aggregate([], how) == 0.0
    assert aggregate([0.4], how) == 0.4


def test_the_worked_example_of_clip_and_delta(vectors: dict[str, Any]):
    vector = vectors["clip_delta"]
    p, eta = vector["prm"], vector["eta"]
    assert close(clip(p, eta), vector["Clip"])
    assert close(delta(p), vector["Delta"])
    assert close(delta(clip(p, eta)), vector["Clip_then_Delta"])
    assert close(clip(delta(p), eta), vector["order_matters"]["delta_then_clip(eta=0.7)"])
    totals, half = vector["totals_if_correct"], vector["alpha"]
    assert 1 + half * sum(p) == pytest.approx(totals["SR+PR"])
    assert 1 + half * sum(clip(p, eta)) == pytest.approx(totals["SR+Clip"])
    assert 1 + half * sum(delta(p)) == pytest.approx(totals["SR+Delta"])
    assert 1 + half * sum(delta(clip(p, eta))) == pytest.approx(totals["SR+Clip-Delta"])
    returns = [sum(delta(p)[k:]) for k in range(4)]
    assert close(returns, vector["Delta_rtg"])


def test_one_two_and_three_steps(vectors: dict[str, Any]):
    for cases in vectors["clip_delta"]["edge"].values():
        for call, wanted in cases.items():
            scores = [float(p) for p in call.removeprefix("Delta([").removesuffix("])").split(",")]
            assert close(delta(scores), wanted), call
    assert delta([]) == clip([], 0.5) == []


def test_repeating_a_good_step_pays_with_raw_scores_only(vectors: dict[str, Any]):
    hack = vectors["clip_delta"]["repetition_hack"]
    p = hack["prm"]
    assert sum(p) == pytest.approx(hack["PR_sum"])
    assert sum(clip(p, 0.7)) == pytest.approx(hack["Clip_sum_eta0.7"])
    assert sum(delta(p)) == pytest.approx(hack["Delta_sum"])
    assert sum(delta(clip(p, 0.7))) == pytest.approx(hack["ClipDelta_sum"])


@given(SCORES, st.floats(0, 1))
def test_what_bounds_the_reward_of_any_solution(p: list[float], eta: float):
    assert all(r <= 0 for r in clip(p, eta))
    assert len(delta(p)) == len(clip(p, eta)) == len(p)
    if len(p) > 1:
        assert sum(delta(p)) == pytest.approx(p[0], abs=1e-9)
    if p:
        assert delta(p)[-1] == 0
        assert sum(delta(clip(p, eta))) <= 1e-9
        assert aggregate(p, "min") <= aggregate(p, "avg") + 1e-9
        assert aggregate(p, "prod") <= aggregate(p, "min") <= aggregate(p, "last") <= aggregate(p, "max")


def test_a_mistaken_call_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"unknown way 'mean'.*avg, prod, max, min, last"):
        aggregate([0.5], "mean")
    for call in (lambda p: aggregate(p, "min"), lambda p: clip(p, 0.5), delta):
        with pytest.raises(ValueError, match="not a finite number"):
            call([0.5, float("nan")])
