"""Group sequence policy optimization (GSPO: Zheng et al. 2025, arXiv:2507.18071, eq. 5 to 7).

A_i = (r_i - mean(r)) / std(r)        over the G rollouts of a problem
s_i = ( pi(o_i | q) / pi_old(o_i | q) )^(1/|o_i|)
J   = 1/G sum_i min(s_i A_i, clip(s_i, 1 - eps_low, 1 + eps_high) A_i)

A reward is for a whole rollout, and so is the ratio. As a geometric mean over tokens it stays close to 1,
so the clip is a thousand times tighter than GRPO's. The paper splits a step's rollouts into 4 optimizer
steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.group_policy_gradient import clipped_loss, group_advantages, train_on_groups
from numerate.methods.shared.options import Clip, GroupPolicyGradient
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
    clip: Clip = Clip(3e-4, 4e-4)
    """bounds of s"""


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    s_BT = training.sequence_ratio(batch, logp_BT, batch.token["old_logp"], mean=True)
    return clipped_loss(batch, logp_BT, s_BT, cfg.clip, cfg.kl)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    return train_on_groups(run, job, cfg, group_advantages, loss, per="sequence")
