"""REINFORCE leave-one-out (RLOO: Ahmadian et al. 2024, arXiv:2402.14740, section 3.2; Kool et al. 2019).

R_i = r_i - beta log(pi(o_i | q) / pi_ref(o_i | q))
A_i = R_i - 1/(G - 1) sum_{j != i} R_j        over the G rollouts of a problem
grad J = 1/G sum_i A_i grad log pi(o_i | q)

A rollout is one action, so nothing is divided by its length. The paper takes one update per step; for
more, the rollout's ratio stands in, clipped as in PPO: J = min(rho_i A_i, clip(rho_i, 1 - eps, 1 + eps)
A_i), whose gradient at pi_old is the one above.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from numerate import credit, training
from numerate.methods.shared import on_policy
from numerate.methods.shared.group_policy_gradient import clipped_loss, train_on_groups
from numerate.methods.shared.options import Clip, GroupPolicyGradient, Kl
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
    clip: Clip = Clip(0.2)
    """bounds of the rollout's ratio; without effect at the first optimizer step of a step"""
    kl: Kl = Kl(estimator="k1", placement="reward")
    """the KL to the reference policy; the paper takes coef: 0.03 with a learned reward; here rewards are
    rule-based"""

    UNUSED: ClassVar = frozenset({"kl.estimator", "kl.placement"})


def penalized_reward(row: Example, beta: float) -> float:
    """Returns R(o) = r(o) - beta log(pi_old(o) / pi_ref(o)), eq. 3."""
    return row.columns["reward"] - (beta * sum(on_policy.log_ratios(row)) if beta else 0)


def advantages(rows: Sequence[Example], beta: float) -> list[float | None]:
    return on_policy.compare_groups(rows, credit.leave_one_out, partial(penalized_reward, beta=beta))


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.sequence_ratio(batch, logp_BT, batch.token["old_logp"], mean=False)
    return clipped_loss(batch, logp_BT, rho_BT, cfg.clip)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    compare = partial(advantages, beta=cfg.kl.coef)
    return train_on_groups(run, job, cfg, compare, loss, per="sequence")
