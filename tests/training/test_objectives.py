"""The losses of judges against the papers' numbers and against autograd."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from numerate.training import objectives

ONE = torch.ones(1)


def test_share_and_cross_entropy_of_the_evaluator(vectors: dict[str, Any]) -> None:
    case = vectors["ssft_scr"]["S_cls"]
    correct, incorrect = (torch.tensor([math.log(case[f"p_{w}"])]) for w in ("correct", "incorrect"))
    share = objectives.log_share(correct, incorrect)
    assert share.exp().item() == pytest.approx(case["S"])
    assert -correct.item() == pytest.approx(case["lm_xent_if_correct"])
    assert -incorrect.item() == pytest.approx(case["lm_xent_if_incorrect"])
    assert -share.item() == pytest.approx(case["two_way_xent_if_correct"])
    assert -objectives.log_share(incorrect, correct).item() == pytest.approx(
        case["two_way_xent_if_incorrect"]
    )


def test_the_share_is_the_same_from_logits(vectors: dict[str, Any]) -> None:
    z = torch.tensor([1.2]), torch.tensor([2.298612289])
    expected = vectors["ssft_scr"]["S_from_logits"]
    assert objectives.log_share(*z).exp().item() == pytest.approx(expected)


def test_margin_of_the_paper(vectors: dict[str, Any]) -> None:
    for case in vectors["ssft_scr"]["margin"]:
        right, wrong = (torch.tensor([case[f"S_{w}"]]).log() for w in ("correct", "incorrect"))
        assert objectives.margin(right, wrong).item() == pytest.approx(case["loss"], abs=1e-6)


def test_likelihood_of_the_paper(vectors: dict[str, Any]) -> None:
    case = vectors["ssft_scr"]["mle"]
    logp = torch.tensor([case["token_logps"]])
    assert objectives.mle(logp, torch.ones_like(logp)).item() == pytest.approx(case["L_mle_sum"])


def test_the_margin_of_whole_solutions_by_hand() -> None:
    """exp(-3) and exp(-4): met by 1 - ln 2. The other way round, 1 + ln 2; equal ones, ln 2."""
    right, wrong = torch.tensor([-3.0, -4.0, -3.0]), torch.tensor([-4.0, -3.0, -3.0])
    found = objectives.margin(right, wrong).tolist()
    assert found == pytest.approx([0.0, 1 + math.log(2), math.log(2)])
    assert objectives.joint(torch.tensor(found[1]), torch.tensor(1.35), 0.1).item() == pytest.approx(
        1 + math.log(2) + 0.135
    )


def test_margin_keeps_pushing_while_the_wrong_one_is_above_a_half() -> None:
    """S(X_cor) cannot be twice .51: even a certain right solution leaves log(2 * .51)."""
    left = objectives.margin(torch.tensor([1.0]).log(), torch.tensor([0.51]).log()).item()
    assert left == pytest.approx(math.log(1.02), rel=1e-4)


def test_three_classes_and_what_neutral_counts_as(vectors: dict[str, Any]) -> None:
    case = vectors["prm_orm_ppo"]["prm_label_head"]
    logits = torch.tensor([case["logits_for_-1_0_+1"]])
    losses = [objectives.ratings(logits, torch.tensor([float(r)]), ONE).item() for r in (-1, 0, 1)]
    assert losses == pytest.approx([-math.log(p) for p in case["probs"]])
    wrong, _, right = case["probs"]
    found = {n: objectives.probability(logits, n).item() for n in ("positive", "negative", "drop")}
    assert found == pytest.approx(
        {
            "positive": case["score_neutral_as_positive"],
            "negative": case["score_neutral_as_negative"],
            "drop": right / (right + wrong),
        }
    )


def test_value_loss_of_super_mario(vectors: dict[str, Any]) -> None:
    case = vectors["mario"]["value_head_loss_super_mario"]
    raw, targets = torch.tensor(case["raw_values"]), torch.tensor(case["targets"])
    weight = torch.full((2,), 1 / (2 + 1e-3))
    assert raw.tanh().tolist() == pytest.approx(case["tanh"], abs=1e-6)
    assert objectives.ovm_value(raw, targets, ONE).item() == pytest.approx(case["sum_sq"], abs=1e-6)
    loss = objectives.ovm_value(raw, targets, weight).item()
    assert loss == pytest.approx(case["value_loss=sum/(n+1e-3)"], abs=1e-6)


def test_binary_by_hand_with_weights() -> None:
    """sigmoid(log 3) = 3/4: - 1/4 log(3/4) - 3/4 log(1/4)."""
    logit = torch.full((2,), math.log(3.0))
    loss = objectives.binary(logit, torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75])).item()
    assert loss == pytest.approx(-0.25 * math.log(3 / 4) - 0.75 * math.log(1 / 4))


def test_losses_stay_finite_and_push_where_a_judge_is_certain_and_wrong() -> None:
    logit = torch.tensor([200.0, -200.0], requires_grad=True)
    loss = objectives.binary(logit, torch.tensor([0.0, 1.0]), torch.ones(2))
    (grad,) = torch.autograd.grad(loss, logit)
    assert loss.item() == pytest.approx(400) and grad.tolist() == pytest.approx([1, -1])
    share = torch.tensor([-200.0], requires_grad=True)
    (grad,) = torch.autograd.grad(objectives.log_share(share, torch.zeros(1)).sum(), share)
    assert grad.item() == pytest.approx(1)
