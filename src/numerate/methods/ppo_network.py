"""What PPO trains: a policy with a value branch, and the reference that it must stay near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from numerate import training
from numerate.typed import AtLeast0, NotNegative, Positive, config
from numerate.types import Example

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from numerate.models.policy import Lora, Policy

Column = list[list[float]]
"""of each row, one number per id, 0 off the trained tokens"""


@config
class Value:
    layers: AtLeast0 = 4
    """L, copies of the policy's top layers; 0 is a linear head on its last hidden states"""
    detach: bool = True
    """nothing of the value's loss reaches the policy; false lets it"""
    lr: Positive | None = None
    """of the branch; by default the policy's"""
    coef: NotNegative = 1.0
    """vf, weight of the value's loss"""
    clip: Positive | None = 0.2
    """c: a step's value counts within this distance of the collection's; null: wherever it is"""
    warmup: AtLeast0 = 0
    """rounds in which the value learns alone; the policy does not move"""


def learner(
    policy: Policy,
    lora: Lora | None,
    layers: int,
    *,
    faster: float = 1.0,
    weight_decay: float = 0.0,
    max_norm: float = 1.0,
    micro_tokens: int = 2048,
    head_mib: int = 256,
    activation_checkpointing: Literal["auto", "on", "off"] = "auto",
) -> training.Learner:
    """Of the policy, in place, and a value branch that copies `layers` layers as they are before adapters are
    put on. faster: the branch's learning rate in those of the policy."""
    import torch

    from numerate.models.value import ValueBranch, joint

    branch = ValueBranch(policy.model, layers)
    policy.adapt(lora)

    def optimizers(named: dict[str, nn.Parameter]) -> list[torch.optim.Optimizer]:
        value = [p for name, p in named.items() if name.startswith("value.")]
        trunk = [p for name, p in named.items() if not name.startswith("value.")]
        fused = policy.device.type in ("cpu", "cuda")
        groups = [{"params": trunk, "lr_scale": 1.0}, {"params": value, "lr_scale": faster}]
        return [torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), weight_decay=weight_decay, fused=fused)]

    both = joint(policy, branch)
    return training.Learner(
        both,
        max_norm=max_norm,
        micro_tokens=micro_tokens,
        head_mib=head_mib,
        activation_checkpointing=activation_checkpointing,
        optimizers=optimizers,
    )


def let_move(learner: training.Learner, policy: bool) -> None:
    """False holds the policy where it is, while the value learns."""
    learner.optimizers[0].param_groups[0]["lr_scale"] = float(policy)


class Reference:
    """The policy as it was when the stage began."""

    def __init__(self, policy: Policy | None) -> None:
        """policy: a copy that nobody trains; None: the learner's own without its adapters."""
        self.policy = policy

    def logprobs(self, learner: training.Learner, rows: Sequence[Example]) -> Column:
        if self.policy is None:
            with learner.policy.model.trunk.disable_adapter():
                return training.recompute(learner, rows)
        frozen = self.policy.model

        def of(_: nn.Module, batch: training.Batch) -> Tensor:
            return training.token_logprobs(frozen, batch)

        return training.recompute(learner, rows, of)
