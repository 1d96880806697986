"""Group sequence policy optimization (GSPO: Zheng et al. 2025, arXiv:2507.18071, eq. 5 to 7).

A_i = (r_i - mean(r)) / std(r)        over the G rollouts of a problem
s_i = ( pi(o_i | q) / pi_old(o_i | q) )^(1/|o_i|)
J   = 1/G sum_i min(s_i A_i, clip(s_i, 1 - eps_low, 1 + eps_high) A_i)

A reward is for a whole rollout, and so is the ratio. As a geometric mean over tokens it stays close to 1,
so the clip is a thousand times tighter than GRPO's. The paper splits a step's rollouts into 4 optimizer
steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.options import Clip, GroupPolicyGradient
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
    clip: Clip = Clip(3e-4, 4e-4)
    """bounds of s"""


def advantages(rows: Sequence[Example]) -> list[float | None]:
    return on_policy.compare_groups(rows, credit.group)


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    s_BT = training.sequence_ratio(batch, logp_BT, batch.token["old_logp"], mean=True)
    J_BT, clipped_BT = training.clipped_surrogate(s_BT, batch.token["advantage"], *cfg.clip.bounds)
    J_BT, stats = training.subtract_kl(J_BT, batch, logp_BT, cfg.kl.coef, cfg.kl.estimator)
    stats |= training.policy_shift_stats(batch, logp_BT, clipped_BT)
    return -(batch.token["weight"] * J_BT).sum(), stats


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G rollouts per problem from pi_old, grade them
        rows = loop.training_rows(loop.sample_groups())
        # 2. compare each with its group
        rows = on_policy.with_advantages(rows, advantages(rows))
        # 3. mu passes of gradient steps on J
        loop.learn(rows, partial(loss, cfg=cfg), per="sequence")
        loop.log()
    return loop.result()
