"""Parts of critic-free objectives: ratios, clipped surrogate, KL estimators. Pure functions on tensors."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from numerate.training.batch import Batch
from numerate.types import Stats

Estimator = Literal["k1", "k2", "k3"]
LARGEST = 20.0
"""of a log-ratio: exp of more would be infinite in float32, and its gradient behind a clip not a number"""


def ratio(logp_BT: Tensor, old_BT: Tensor) -> Tensor:
    """Returns `rho_t = pi(o_t) / pi_old(o_t)`; 1 off the trained tokens, where both are 0."""
    return (logp_BT - old_BT).clamp(-LARGEST, LARGEST).exp()


def sequence_ratio(batch: Batch, logp_BT: Tensor, old_BT: Tensor, mean: bool) -> Tensor:
    """Returns the ratio of a whole rollout, `pi(o) / pi_old(o)`, at each of its trained tokens; 1 elsewhere.

    mean: its |o|-th root, `exp(mean_t log rho_t)`. Zheng et al. 2025 (arXiv 2507.18071, GSPO), eq. 7."""
    mask_BT = batch.mask_BT
    log_N = batch.per_row((logp_BT - old_BT) * mask_BT)
    if mean:
        log_N = log_N / batch.per_row(mask_BT.to(logp_BT.dtype)).clamp(min=1)
    of_BT = log_N.clamp(-LARGEST, LARGEST).exp()[batch.row_BT.clamp(min=0)]
    return torch.where(mask_BT, of_BT, 1.0)


def clipped_surrogate(
    ratio_BT: Tensor, advantage_BT: Tensor, low: float, high: float
) -> tuple[Tensor, Tensor]:
    """Returns `min(rho A, clip(rho, 1 - low, 1 + high) A)`, and the tokens that are clipped: no gradient.

    Schulman et al. 2017 (arXiv 1707.06347), eq. 7; Yu et al. 2025 (arXiv 2503.14476, DAPO), eq. 8, with two
    bounds."""
    plain_BT = ratio_BT * advantage_BT
    clipped_BT = ratio_BT.clamp(1 - low, 1 + high) * advantage_BT
    return torch.minimum(plain_BT, clipped_BT), clipped_BT < plain_BT


def kl(logp_BT: Tensor, ref_BT: Tensor, estimator: Estimator) -> Tensor:
    """Returns an estimate of KL(pi || pi_ref) at each sampled token, with d = log pi - log pi_ref:

        k1 = d        k2 = d^2 / 2        k3 = exp(-d) - 1 + d

    Schulman 2020, "Approximating KL divergence"; k3 is eq. 4 of Shao et al. 2024 (arXiv 2402.03300). The mean
    of k1's own gradient is 0 for any policies, so k1 has the gradient of k2, d grad(log pi), whose mean is
    the gradient of the KL."""
    d_BT = logp_BT - ref_BT
    if estimator == "k3":
        return torch.expm1((-d_BT).clamp(max=LARGEST)) + d_BT
    k2_BT = d_BT.square() / 2
    return k2_BT if estimator == "k2" else d_BT.detach() + k2_BT - k2_BT.detach()


def subtract_kl(
    gain_BT: Tensor, batch: Batch, logp_BT: Tensor, beta: float, estimator: Estimator
) -> tuple[Tensor, Stats]:
    """Returns `gain - beta KL(pi || pi_ref)` by the column `ref_logp`, and the mean KL."""
    if not beta:
        return gain_BT, {}
    kl_BT = kl(logp_BT, batch.token["ref_logp"], estimator)
    return gain_BT - beta * kl_BT, token_means(batch, kl=kl_BT)


def token_means(batch: Batch, **columns: Tensor) -> Stats:
    """Returns means over the trained tokens of the update, as sums over its parts."""
    share_BT = batch.token["share"]
    return {name: (share_BT * x_BT).sum().item() for name, x_BT in columns.items()}


def policy_shift_stats(batch: Batch, logp_BT: Tensor, clipped_BT: Tensor) -> Stats:
    """Returns statistics of the distance to the policy that sampled: clipped, the share of clipped tokens;
    old_kl, the mean of rho - 1 - log rho, an estimate of KL(pi_old || pi) that is never negative (k3)."""
    log_BT = (logp_BT.detach() - batch.token["old_logp"]).clamp(max=LARGEST)
    return token_means(batch, clipped=clipped_BT, old_kl=torch.expm1(log_BT) - log_BT)
