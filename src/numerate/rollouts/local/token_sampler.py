"""Token samplers: choose the next tokens of a batch, by default from the model's distribution; a method may
bring another sampler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from numerate.rollouts.local.sampling import draw_tokens
from numerate.rollouts.slots import Slots
from numerate.types import Sampling


class Chosen(NamedTuple):
    token_B: Tensor
    logp_B: Tensor
    class_B: Tensor | None = None
    """int8, the class that was chosen before the token"""


Choose = Callable[[Tensor], Chosen]
"""logits [B, V + C], behind those of the tokens what a steering's own head says -> the next token of every
row"""


class Steering(Protocol):
    @property
    def head(self) -> Tensor:
        """Returns the sampler's own head, [C, D], which reads the hidden state that the vocabulary head
        reads."""
        ...

    def begin(self, slots: Slots[Any]) -> Choose:
        """Returns the sampler of one batch, whose rows are in `slots`."""
        ...


def plain_chooser(slots: Slots[Any], params: Sampling) -> Choose:
    def choose(logits_BV: Tensor) -> Chosen:
        uniform_B = torch.from_numpy(slots.next_uniforms()).to(logits_BV.device)
        return Chosen(*draw_tokens(logits_BV, uniform_B, params.temperature, params.top_p, params.top_k))

    return choose
