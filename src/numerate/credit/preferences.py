# pyright: strict
"""Losses of preferences between whole rollouts, and their derivatives. Plain values: a rollout counts by its
log-ratio u = sum_t log pi(o_t) / pi_ref(o_t) over the tokens that the policy wrote, tool turns left out
(Xiong et al. 2024, arXiv:2409.02392, section 3).

The derivative by u is all that a gradient step needs: dL/dtheta = sum_i dL/du_i dlog pi(o_i)/dtheta. So the
two sides of a pair may be in different micro-batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class LossSlope(NamedTuple):
    """A loss, and its derivative by a log-ratio."""

    loss: float
    slope: float


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x >= 0 else x - math.log1p(math.exp(x))


def sigmoid(x: float) -> float:
    return math.exp(log_sigmoid(x))


def dpo(chosen: float, rejected: float, beta: float) -> LossSlope:
    """Returns `- log sigma(beta (u_w - u_l))` and its derivative by u_w; that by u_l is its negative.

    Rafailov et al. 2023, arXiv:2305.18290, eq. 7; over the turns of an episode Xiong et al. 2024, eq. 14."""
    margin = beta * (chosen - rejected)
    return LossSlope(-log_sigmoid(margin), -beta * sigmoid(-margin))


def kto(log_ratio: float, kl: float, beta: float, desirable: bool, weight: float = 1.0) -> LossSlope:
    """Returns `weight (1 - sigma(beta (u - z)))` of a desirable rollout, `weight (1 - sigma(beta (z - u)))`
    of an undesirable one, and its derivative by u. kl: z, the KL to the reference, which has no gradient.

    Ethayarajh et al. 2024, arXiv:2402.01306, eq. 7 and 8; Xiong et al. 2024, eq. 15, which prints beta twice
    where the KTO paper and its code have it once."""
    sign = 1.0 if desirable else -1.0
    v = sigmoid(sign * beta * (log_ratio - kl))
    return LossSlope(weight * (1 - v), -weight * sign * beta * v * (1 - v))


def kto_kl(mismatched: Sequence[float]) -> float:
    """Returns z = max(0, mean u') over rollouts read after the prompts of other problems, an estimate of
    KL(pi || pi_ref); 0 where there are none (Ethayarajh et al. 2024, section 4.1)."""
    return max(0.0, math.fsum(mismatched) / len(mismatched)) if mismatched else 0.0
