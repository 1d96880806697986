"""GRPO done right (Dr. GRPO: Liu et al. 2025, arXiv:2503.20783, section 3.2).

A_i   = r_i - mean(r)        over the G rollouts of a problem
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/G sum_i 1/L sum_t min(rho_t A_i, clip(rho_t, 1 - eps, 1 + eps) A_i)

Two divisions of GRPO are gone: by std(r), which favours problems that are almost always or almost never
solved, and by |o_i|, which makes long wrong rollouts cheap. L is a constant, the longest rollout allowed,
as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.options import GroupPolicyGradient
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
class Config(GroupPolicyGradient):
    """The paper takes no KL."""


def advantages(rows: Sequence[Example]) -> list[float | None]:
    return on_policy.compare_groups(rows, partial(credit.group, scale=False))


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    J_BT, clipped_BT = training.clipped_surrogate(rho_BT, batch.token["advantage"], *cfg.clip.bounds)
    J_BT, stats = training.subtract_kl(J_BT, batch, logp_BT, cfg.kl.coef, cfg.kl.estimator)
    stats |= training.policy_shift_stats(batch, logp_BT, clipped_BT)
    return -(batch.token["weight"] * J_BT).sum(), stats


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G rollouts per problem from pi_old, grade them
        rows = loop.training_rows(loop.sample_groups())
        # 2. compare each with its group, whatever its spread
        rows = on_policy.with_advantages(rows, advantages(rows))
        # 3. mu passes of gradient steps on J, where every token has the same weight
        loop.learn(rows, partial(loss, cfg=cfg), per="constant", constant=cfg.sample.max_tokens)
        loop.log()
    return loop.result()
