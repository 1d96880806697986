"""Clipped importance sampling policy optimization (CISPO: MiniMax 2025, arXiv:2506.13585, eq. 4 and 5).

A_i   = (r_i - mean(r)) / std(r)        over the G rollouts of a problem
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t sg( clip(rho_t, 1 - low, 1 + high) ) A_i log pi(o_t | q, o_<t)

The clip bounds the weight of a token and never drops its gradient: rare words at which reasoning turns,
whose ratios grow most, go on learning. sg stops the gradient. The paper does not print its upper bound; 5
is what others report (Khatri et al. 2025, arXiv:2510.13786).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.group_policy_gradient import group_advantages, train_on_groups
from numerate.methods.shared.options import Clip, GroupPolicyGradient, PolicyFit
from numerate.options import config

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.types import Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(GroupPolicyGradient):
    clip: Clip = Clip(1.0, 4.0)
    """bounds of rho; the paper sets no lower bound, equal to low: 1"""
    fit: PolicyFit = PolicyFit(minibatches=4)
    """optimization of a step"""


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    low, high = cfg.clip.bounds
    kept_BT = rho_BT.detach().clamp(1 - low, 1 + high)
    J_BT = kept_BT * batch.token["advantage"] * logp_BT
    J_BT, stats = training.subtract_kl(J_BT, batch, logp_BT, cfg.kl.coef, cfg.kl.estimator)
    stats |= training.policy_shift_stats(batch, logp_BT, kept_BT != rho_BT)
    return -(batch.token["weight"] * J_BT).sum(), stats


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    return train_on_groups(run, job, cfg, group_advantages, loss, per="token")
