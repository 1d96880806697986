"""REINFORCE++ (Hu et al. 2025, arXiv:2501.03262), and REINFORCE++-baseline, its form for several rollouts.

plain:     A_{i,t} = r_i - beta sum_{s >= t} log(pi_old / pi_ref)_s
baseline:  A_{i,t} = r_i - mean(r)        over the G rollouts of a problem; the KL joins J as k2
both:      A <- (A - mean(A)) / std(A)               over all tokens of the step
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t min(rho_t A_{i,t}, clip(rho_t, 1 - eps, 1 + eps) A_{i,t})

The standard deviation is that of the batch, not of a few rollouts. The plain form works with one rollout per
problem: set sample.rollouts to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.group_policy_gradient import clipped_loss, train_on_groups
from numerate.methods.shared.options import Clip, Kl, PolicyGradient
from numerate.options import config

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.types import Example, Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(PolicyGradient):
    baseline: Literal["group", "none"] = "group"
    """`group` subtracts the mean of the problem's rollouts (REINFORCE++-baseline); `none`: the plain form,
    for which the paper has the KL in the reward (kl: {estimator: k1, placement: reward})"""
    clip: Clip = Clip(0.2)
    """bounds of rho"""
    kl: Kl = Kl(estimator="k2")
    """the KL to the reference policy; the paper takes coef: 0.001 for mathematics. Rule-based rewards are
    harder to exploit than learned ones"""

    def __post_init__(self) -> None:
        if self.baseline == "group":
            self.sample.require_group_of_two()
        if self.kl.placement == "reward" and self.kl.estimator != "k1":
            source = ", the method's default" if self.kl.estimator == "k2" else ""
            raise ValueError(f"kl.placement: reward needs kl.estimator: k1 (now {self.kl.estimator}{source})")


def token_credits(row: Example, baseline: float, beta: float) -> list[float]:
    """Returns A of each trained token before normalization: r - baseline, minus the KL from it on (beta >
    0)."""
    ratios = credit.gather_trained(row.mask, on_policy.log_ratios(row)) if beta else [0.0] * sum(row.mask)
    penalties = credit.returns_to_go([-beta * ratio for ratio in ratios])
    return [row.columns["reward"] - baseline + penalty for penalty in penalties]


def advantages(rows: Sequence[Example], cfg: Config) -> list[list[float]]:
    """Returns the advantages normalized over all tokens of the step; 0 off the trained tokens."""
    raw: list[list[float]] = []
    for group in on_policy.rows_by_group(rows):
        mean = sum(row.columns["reward"] for row in group) / len(group) if cfg.baseline == "group" else 0.0
        raw += [token_credits(row, mean, cfg.kl.coef * (cfg.kl.placement == "reward")) for row in group]
    normalized = credit.normalize_advantages(raw)
    return [credit.scatter_trained(row.mask, A) for row, A in zip(rows, normalized, strict=True)]


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    return clipped_loss(batch, logp_BT, rho_BT, cfg.clip, cfg.kl)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    return train_on_groups(run, job, cfg, partial(advantages, cfg=cfg), loss, per="token")
