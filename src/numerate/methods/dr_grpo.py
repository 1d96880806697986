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
from numerate.methods.shared.group_policy_gradient import clipped_loss, train_on_groups
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
    return clipped_loss(batch, logp_BT, rho_BT, cfg.clip, cfg.kl)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    # every token has the same weight
    return train_on_groups(run, job, cfg, advantages, loss, per="constant", constant=cfg.sample.max_tokens)
