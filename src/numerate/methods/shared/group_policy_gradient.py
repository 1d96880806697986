"""Parts of the GRPO family: advantages within groups, the loss with a clipped ratio, and the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared.on_policy import OnPolicyLoop, compare_groups, reward_of, with_advantages
from numerate.methods.shared.options import Clip, Kl, OnPolicyOptions

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training.loss_weights import Denominator
    from numerate.types import Example, Group, Stats

Advantages = Sequence["float | Sequence[float] | None"]


def group_advantages(
    rows: Sequence[Example], reward: Callable[[Example], float] = reward_of
) -> list[float | None]:
    """Returns A_i = (r_i - mean(r)) / std(r) over the rollouts of a problem. reward: gives r."""
    return compare_groups(rows, credit.group, reward)


def clipped_loss(
    batch: training.Batch, logp_BT: Tensor, rho_BT: Tensor, clip: Clip, kl: Kl | None = None
) -> tuple[Tensor, Stats]:
    """Returns - sum_t w_t J_t with J_t = min(rho_t A_t, clip(rho_t, 1 - low, 1 + high) A_t) - beta KL_t, and
    its statistics. w: the column `weight`. kl: None without the KL; it is 0 where the penalty is part of the
    reward."""
    J_BT, clipped_BT = training.clipped_surrogate(rho_BT, batch.token["advantage"], *clip.bounds)
    stats = training.policy_shift_stats(batch, logp_BT, clipped_BT)
    if kl and kl.placement == "loss":
        J_BT, more = training.subtract_kl(J_BT, batch, logp_BT, kl.coef, kl.estimator)
        stats = more | stats
    return -(batch.token["weight"] * J_BT).sum(), stats


def train_on_groups(
    run: training.Stage,
    job: Job,
    cfg: OnPolicyOptions,
    advantages: Callable[[Sequence[Example]], Advantages],
    loss: Callable[..., tuple[Tensor, Stats]],
    per: Denominator,
    constant: int = 1,
    sample: Callable[[OnPolicyLoop], list[Group]] = OnPolicyLoop.sample_groups,
) -> Policy:
    """Returns the policy that a method trains by its advantages and its loss, which takes `cfg`.

    per, constant: the mean of the loss, see `training.set_loss_weights`. sample: gives the groups of a
    step."""
    loop = OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G rollouts per problem from pi_old, grade them
        rows = loop.training_rows(sample(loop))
        # 2. compare each with the others
        rows = with_advantages(rows, advantages(rows))
        # 3. mu passes of gradient steps on J
        loop.learn(rows, partial(loss, cfg=cfg), per=per, constant=constant)
        loop.log()
    return loop.result()
