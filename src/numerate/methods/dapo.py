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

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.options import Clip, PolicyGradient, Sample
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
class Config(PolicyGradient):
    clip: Clip = Clip(0.2, 0.28)
    """bounds of rho: a higher upper bound, for unlikely tokens (clip-higher)"""
    max_draws: AtLeast1 = 10
    """largest number of times that a step samples new problems in place of zero-variance groups (dynamic
    sampling)"""
    overlong_cache: AtLeast0 = 64
    """tokens before the maximum length over which the length penalty rises; 0: no penalty"""
    overlong_weight: NotNegative = 0.5
    """of the length penalty: the paper's rewards are 1 and -1, twice as far apart as 1 and 0"""
    sample: Sample = Sample(rollouts=16)
    """sampling of a step"""

    def __post_init__(self) -> None:
        self.sample.require_group_of_two()
        if self.overlong_cache >= self.sample.max_tokens:
            raise ValueError(
                f"overlong_cache: {self.overlong_cache} must be smaller than sample.max_tokens: "
                f"{self.sample.max_tokens}"
            )


def shaped_reward(row: Example, cfg: Config) -> float:
    """Returns the reward with the soft length penalty, eq. 13."""
    if not cfg.overlong_cache:
        return row.columns["reward"]
    beyond = credit.overlong_penalty(on_policy.rollout_length(row), cfg.sample.max_tokens, cfg.overlong_cache)
    return row.columns["reward"] + cfg.overlong_weight * beyond


def advantages(rows: Sequence[Example], cfg: Config) -> list[float | None]:
    return on_policy.compare_groups(rows, credit.group, partial(shaped_reward, cfg=cfg))


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    J_BT, clipped_BT = training.clipped_surrogate(rho_BT, batch.token["advantage"], *cfg.clip.bounds)
    return -(batch.token["weight"] * J_BT).sum(), training.policy_shift_stats(batch, logp_BT, clipped_BT)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. dynamic sampling: G rollouts per problem, until enough groups have a gradient
        rows = loop.training_rows(loop.sample_groups_with_signal(cfg.max_draws))
        # 2. compare each with its group
        rows = on_policy.with_advantages(rows, advantages(rows, cfg))
        # 3. mu passes of gradient steps on J
        loop.learn(rows, partial(loss, cfg=cfg), per="token")
        loop.log()
    return loop.result()
