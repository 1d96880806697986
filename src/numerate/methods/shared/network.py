"""Networks of the on-policy methods: a policy, alone or with branches that learn at a rate of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.options import Fit
from numerate.types import Engine

if TYPE_CHECKING:
    import torch
    from torch import nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training.stage import Savable


@dataclass(frozen=True)
class Network:
    policy: Policy
    """what samples, and is validated"""
    learner: training.Learner
    """trains it, with all that learns beside it"""
    engine: Engine | None = None
    """samples the rollouts of the training; None: the job's engine"""
    saved: Savable | None = None
    """what is kept as the best; None: the policy"""


def open_policy(job: Job, fit: Fit) -> Network:
    """Returns the model of the job, which learns alone."""
    policy = job.load(job.model)
    policy.add_lora(fit.adapters())
    return Network(policy, training.Learner(policy, **fit.learner_options()))


def branch_learner(joined: Policy, fit: Fit, branch: str, lr: float | None) -> training.Learner:
    """Returns a learner of a policy joined with a branch, whose parameters' names begin with `branch` and
    whose learning rate is `lr`; None: that of the rest."""
    import torch

    options = fit.learner_options()
    adamw = {"betas": options.pop("betas"), "weight_decay": options.pop("weight_decay")}

    def optimizers(named: dict[str, nn.Parameter]) -> list[torch.optim.Optimizer]:
        own = [p for name, p in named.items() if name.startswith(f"{branch}.")]
        trunk = [p for name, p in named.items() if not name.startswith(f"{branch}.")]
        groups = [{"params": trunk, "lr_scale": 1.0}, {"params": own, "lr_scale": (lr or fit.lr) / fit.lr}]
        fused = joined.device.type in ("cpu", "cuda")
        return [torch.optim.AdamW(groups, lr=0.0, fused=fused, **adamw)]

    return training.Learner(joined, optimizers=optimizers, **options)
