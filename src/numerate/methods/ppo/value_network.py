"""Trained network of PPO, a policy with a value branch, and the loss of the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.network import Network, branch_learner
from numerate.methods.shared.options import Fit
from numerate.options import AtLeast0, NotNegative, Positive, Share, config
from numerate.types import Stats

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job


@config
class Value:
    layers: AtLeast0 = 4
    """L, copies of the policy's top layers; 0 is a linear head on its last hidden states"""
    detach: bool = True
    """stop the gradient of the value loss before the policy"""
    lr: Positive | None = None
    """of the branch; by default the policy's"""
    coef: NotNegative = 1.0
    """vf, weight of the value's loss"""
    lam: Share | None = None
    """lambda of the value's target returns; VAPO takes 1; null: that of the advantages"""
    clip: Positive | None = 0.2
    """c, clip of the value to this distance from its value at sampling; null: no clip"""
    warmup: AtLeast0 = 0
    """steps that train the value alone, with the policy frozen"""


def value_loss(
    V_BT: Tensor, old_BT: Tensor, R_BT: Tensor, w_BT: Tensor, c: float | None
) -> tuple[Tensor, Stats]:
    """Returns 1/2 sum_t w max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2); without c 1/2 sum_t w (V -
    R)^2."""
    error_BT = (V_BT - R_BT).square()
    if c is None:
        return 0.5 * (w_BT * error_BT).sum(), {"value/clipped": 0.0}
    near_error_BT = (old_BT + (V_BT - old_BT).clamp(-c, c) - R_BT).square()
    at_bound = w_BT * (near_error_BT > error_BT)
    return 0.5 * (w_BT * error_BT.maximum(near_error_BT)).sum(), {"value/clipped": at_bound.sum().item()}


def open_network(job: Job, fit: Fit, cfg: Value) -> Network:
    """Returns the model of the job with a value branch."""
    policy = job.load(job.model)
    return Network(policy, make_learner(policy, fit, cfg))


def make_learner(policy: Policy, fit: Fit, cfg: Value) -> training.Learner:
    """Returns the learner of the policy, in place, and a value branch that copies its top layers as they are
    before adapters are put on."""
    from numerate.models.value_head import ValueBranch, join_value_branch

    branch = ValueBranch(policy.model, cfg.layers)
    policy.add_lora(fit.adapters())
    return branch_learner(join_value_branch(policy, branch), fit, "value", cfg.lr)


def set_policy_trainable(learner: training.Learner, policy: bool) -> None:
    """Freezes or unfreezes the policy. While it is frozen only the value learns; Adam's moments of the policy
    begin with its first update."""
    learner.hold(lambda name: not policy and not name.startswith("value."))
