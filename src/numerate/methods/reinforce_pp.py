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
    reward = row.columns["reward"] - baseline
    if not beta:
        return [reward] * sum(row.mask)
    ratios = credit.gather_trained(row.mask, on_policy.log_ratios(row))
    return [reward + kl for kl in credit.returns_to_go([-beta * ratio for ratio in ratios])]


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
    J_BT, clipped_BT = training.clipped_surrogate(rho_BT, batch.token["advantage"], *cfg.clip.bounds)
    beta = cfg.kl.coef * (cfg.kl.placement == "loss")
    J_BT, stats = training.subtract_kl(J_BT, batch, logp_BT, beta, cfg.kl.estimator)
    stats |= training.policy_shift_stats(batch, logp_BT, clipped_BT)
    return -(batch.token["weight"] * J_BT).sum(), stats


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G rollouts per problem from pi_old, grade them
        rows = loop.training_rows(loop.sample_groups())
        # 2. compare each with the whole batch
        rows = on_policy.with_advantages(rows, advantages(rows, cfg))
        # 3. mu passes of gradient steps on J
        loop.learn(rows, partial(loss, cfg=cfg), per="token")
        loop.log()
    return loop.result()
