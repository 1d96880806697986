"""Losses of preferences and their slopes, against the papers' numbers and torch's derivatives."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import logsigmoid

from numerate import credit

RATIOS = st.floats(-50, 50)
BETAS = st.floats(0.01, 2)


def masked_sum(side: dict[str, list[float]]) -> float:
    return sum(p - q for p, q, on in zip(side["pi"], side["ref"], side["mask"], strict=True) if on)


def test_the_worked_example_of_episodes(vectors: dict[str, Any]) -> None:
    wanted = vectors["multi_turn_pref"]
    win, lose = masked_sum(wanted["win"]), masked_sum(wanted["lose"])
    assert win == pytest.approx(wanted["sum_logratio_win_masked"])
    assert lose == pytest.approx(wanted["sum_logratio_lose_masked"])
    assert credit.dpo(win, lose, wanted["eta"]).loss == pytest.approx(wanted["M-DPO_loss"], abs=1e-9)
    u_w, u_l = wanted["sum_logratio_unmasked"]
    unmasked = credit.dpo(u_w, u_l, wanted["eta"]).loss
    assert unmasked == pytest.approx(wanted["single_turn_DPO_loss_no_mask"], abs=1e-9)
    kto, z = wanted["M-KTO"], wanted["M-KTO"]["z0"]
    assert credit.kto(win, z, wanted["eta"], True).loss == pytest.approx(kto["loss_desirable"], abs=1e-9)
    assert credit.kto(lose, z, wanted["eta"], False).loss == pytest.approx(kto["loss_undesirable"], abs=1e-9)


def test_a_policy_that_is_the_reference(vectors: dict[str, Any]) -> None:
    wanted = vectors["multi_turn_pref"]["at_init_pi_eq_ref"]
    assert credit.dpo(0.0, 0.0, 0.1).loss == pytest.approx(wanted["M-DPO_loss"], abs=1e-9)
    assert credit.kto(0.0, 0.0, 0.1, True).loss == wanted["M-KTO_loss_each(z0=0)"]


def test_the_worked_example_of_orca_math(vectors: dict[str, Any]) -> None:
    kto, dpo = vectors["orca_math"]["kto"], vectors["orca_math"]["dpo"]
    u_w, u_l, z, beta = kto["logratio_pos"], kto["logratio_neg"], kto["z0"], kto["beta"]
    assert credit.kto(u_w, z, beta, True).loss == pytest.approx(kto["loss_pos"], abs=1e-9)
    assert credit.kto(u_l, z, beta, False).loss == pytest.approx(kto["loss_neg"], abs=1e-9)
    assert credit.dpo(u_w, u_l, dpo["beta"]).loss == pytest.approx(dpo["loss"], abs=1e-9)


@given(RATIOS, RATIOS, BETAS)
def test_the_slope_of_dpo_is_its_derivative(win: float, lose: float, beta: float) -> None:
    u = torch.tensor([win, lose], dtype=torch.float64, requires_grad=True)
    loss = -logsigmoid(beta * (u[0] - u[1]))
    (gradient,) = torch.autograd.grad(loss, u)
    made = credit.dpo(win, lose, beta)
    assert made.loss == pytest.approx(loss.item(), rel=1e-9, abs=1e-12)
    assert [made.slope, -made.slope] == pytest.approx(gradient.tolist(), rel=1e-9, abs=1e-12)


@given(RATIOS, RATIOS, BETAS, st.booleans(), st.floats(0, 3))
def test_the_slope_of_kto_is_its_derivative(
    ratio: float, kl: float, beta: float, desirable: bool, weight: float
) -> None:
    u = torch.tensor(ratio, dtype=torch.float64, requires_grad=True)
    inside = beta * (u - kl) if desirable else beta * (kl - u)
    loss = weight * (1 - torch.sigmoid(inside))
    (gradient,) = torch.autograd.grad(loss, u)
    made = credit.kto(ratio, kl, beta, desirable, weight)
    assert made.loss == pytest.approx(loss.item(), rel=1e-6, abs=1e-9)
    assert made.slope == pytest.approx(gradient.item(), rel=1e-6, abs=1e-9)


def test_the_largest_numbers_stay_finite() -> None:
    for u in (-1e6, 1e6):
        assert all(map(math.isfinite, (*credit.dpo(u, 0, 1), *credit.kto(u, 0, 1, True))))


def test_the_kl_of_kto_is_a_mean_that_is_not_negative() -> None:
    assert credit.kto_kl([1.0, 2.0, -0.5]) == pytest.approx(2.5 / 3)
    assert credit.kto_kl([-1.0, 0.5]) == credit.kto_kl([]) == 0.0
