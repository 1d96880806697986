"""Losses as pure functions: tensors in, a sum out. Denominators are in the weights w."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

MARGIN = math.log(2)
"""lambda of Liu et al. 2023, eq. 8 and 10"""


def mle(logp_BT: Tensor, weight_BT: Tensor) -> Tensor:
    """Returns `- sum_t w_t log p(x_t | x_<t, P)`, the likelihood of a solution and its answer (Liu et al.
    2023, eq. 3)."""
    return -(weight_BT * logp_BT).sum()


def binary(logit_N: Tensor, target_N: Tensor, weight_N: Tensor) -> Tensor:
    """Returns `sum_n w_n BCE(sigmoid(z_n), y_n)`, for outcome, stepwise-outcome and two-class process reward
    models (Uesato et al. 2022, arXiv:2211.14275; Havrilla et al. 2024, arXiv:2403.04642)."""
    return F.binary_cross_entropy_with_logits(logit_N, target_N, weight_N, reduction="sum")


def ratings(logits_N3: Tensor, rating_N: Tensor, weight_N: Tensor) -> Tensor:
    """Returns `- sum_n w_n log softmax(z_n)[rating]`, ratings -1, 0, +1 (Lightman et al. 2023,
    arXiv:2305.20050, who predict one of three tokens after each step)."""
    chosen_N = logits_N3.log_softmax(-1).gather(-1, rating_N.long()[:, None] + 1)[:, 0]
    return -(weight_N * chosen_N).sum()


def probability(logits_NC: Tensor, neutral: str) -> Tensor:
    """Returns the score in [0, 1]. One logit: sigmoid. Three: q(+1), plus q(0) where neutral is `positive`;
    with `drop`, q(+1) / (q(+1) + q(-1))."""
    if logits_NC.shape[-1] == 1:
        return logits_NC[:, 0].sigmoid()
    wrong_N, neutral_N, right_N = logits_NC.softmax(-1).unbind(-1)
    if neutral == "drop":
        return right_N / (right_N + wrong_N)
    return right_N + neutral_N if neutral == "positive" else right_N


def ovm_value(raw_N: Tensor, outcome_N: Tensor, weight_N: Tensor) -> Tensor:
    """Returns `sum_n w_n (tanh(v_n) - Q_n)^2`, Q = +-1, w = 1 / (n + 1e-3) (Super_MARIO, implementation)."""
    return (weight_N * (raw_N.tanh() - outcome_N).square()).sum()


def log_share(logp_N: Tensor, other_N: Tensor) -> Tensor:
    """Returns `log S_cls = log p(w) / (p(w) + p(w'))` (Liu et al. 2023, arXiv:2310.10047, eq. 7), also from
    logits: their common term cancels."""
    return F.logsigmoid(logp_N - other_N)


def margin(right_N: Tensor, wrong_N: Tensor, by: float = MARGIN) -> Tensor:
    """Returns `max(0, log S(X_inc) - log S(X_cor) + lambda)`, one per pair, from log S (Liu et al. 2023,
    eq. 8).

    It is 0 as soon as S(X_cor) >= 2 S(X_inc), which is impossible for S(X_inc) > 1/2. Of
    log-probabilities of whole solutions it is eq. 10, which the paper considers unsuitable and does not
    train."""
    return torch.relu(wrong_N - right_N + by)


def joint(judging: Tensor, writing: Tensor, alpha: float) -> Tensor:
    """Returns `L_seq + a1 L_mle`, `L_cls-margin + a2 L_mle` or `L_cls-xent + a3 L_mle` (Liu et al. 2023, eq.
    11, 12, 13). The paper reports that the terms are hard to balance, and trains them in turn."""
    return judging + alpha * writing
