"""Decoupled clip and dynamic sampling policy optimization (DAPO: Yu et al. 2025, arXiv:2503.14476, eq. 8 to
13).

A_i   = (R_i - mean(R)) / std(R)        over the G rollouts of a problem
R_i   = r_i + length(o_i)        length = 0, falling to -1 over the last `overlong_cache` tokens (eq. 13)
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t min(rho_t A_i, clip(rho_t, 1 - eps_low, 1 + eps_high) A_i)
        of problems with 0 < #right < G only: others are replaced by new ones (dynamic sampling)

Problems count by their rewards before the length penalty. The paper takes 512 problems of 16
rollouts, 16 optimizer steps for them with a linear warm-up over 20 steps, 20,480 tokens with a cache of 4,096
beside, and no KL; ours are sizes for one machine.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.group_policy_gradient import clipped_loss, group_advantages, train_on_groups
from numerate.methods.shared.options import Clip, ClippedPolicyGradient, Sample
from numerate.options import AtLeast0, AtLeast1, NotNegative, config

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.types import Example, Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(ClippedPolicyGradient):
    clip: Clip = Clip(0.2, 0.28)
    """bounds of rho: a higher upper bound, for unlikely tokens (clip-higher)"""
    max_draws: AtLeast1 = 10
    """largest number of times that a step samples new problems in place of zero-variance groups (dynamic
    sampling)"""
    overlong_cache: AtLeast0 = 64
    """tokens before the maximum length over which the length penalty rises, at most all; 0: no penalty"""
    overlong_weight: NotNegative = 0.5
    """of the length penalty: the paper's rewards are 1 and -1, twice as far apart as 1 and 0"""
    sample: Sample = Sample(rollouts=16)
    """sampling of a step"""


def shaped_reward(row: Example, cfg: Config) -> float:
    """Returns the reward with the soft length penalty, eq. 13."""
    beyond = credit.overlong_penalty(on_policy.rollout_length(row), cfg.sample.max_tokens, cfg.overlong_cache)
    return row.columns["reward"] + cfg.overlong_weight * beyond


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    return clipped_loss(batch, logp_BT, rho_BT, cfg.clip)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    compare = partial(group_advantages, reward=partial(shaped_reward, cfg=cfg))
    sample = partial(on_policy.OnPolicyLoop.sample_groups_with_signal, max_draws=cfg.max_draws)
    return train_on_groups(run, job, cfg, compare, loss, per="token", sample=sample)
