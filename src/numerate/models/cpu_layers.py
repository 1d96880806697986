"""Makes the layers of a Llama-shaped model cheap to train on a CPU: the same numbers up to rounding, the same
modules under the same names.

A module keeps its class and gets another `forward`; what that does not know (another device or dtype,
autocast, a cache of keys) goes to the one of its class. Adapters are modules of their own around these."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from numerate import kernels
from numerate.models.cpu_autograd import Gate, Linear, Norm, Rotation
from numerate.models.matmul import LEAST, uses_own_matmul

FAMILIES = ("Llama", "Mistral", "Qwen2", "Qwen3")


def make_lean(model: nn.Module) -> None:
    """Replaces known layers by compiled ones; does nothing without a compiler. May be called again."""
    if kernels.compiled_library() is None:
        return
    forwards: dict[str, Callable[..., Any]] = {
        name + part: forward
        for name in FAMILIES
        for part, forward in (
            ("RMSNorm", norm_forward),
            ("MLP", mlp_forward),
            ("Attention", attention_forward),
        )
    }
    for module in model.modules():
        forward = (
            linear_forward
            if type(module) is nn.Linear and uses_own_matmul()
            else forwards.get(type(module).__name__)
        )
        if forward is not None and "forward" not in vars(module):
            module.forward = MethodType(forward, module)


def fits_compiled(x: Tensor, weight: Tensor) -> bool:
    """Checks whether the compiled functions know this."""
    return (
        x.dtype == weight.dtype == torch.float32
        and x.device.type == weight.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
        and x.numel() > 0
    )


def linear_forward(self: nn.Linear, x: Tensor) -> Tensor:
    rows = x.numel() // max(1, x.shape[-1])
    if rows < LEAST or not fits_compiled(x, self.weight):
        return F.linear(x, self.weight, self.bias)
    out: Any = Linear.apply(x.reshape(rows, -1), self.weight, self.bias)
    return out.view(*x.shape[:-1], -1)


def norm_forward(self: Any, x: Tensor) -> Tensor:
    if not fits_compiled(x, self.weight):
        return type(self).forward(self, x)
    return Norm.apply(x, self.weight, self.variance_epsilon)  # pyright: ignore


def mlp_forward(self: Any, x: Tensor) -> Tensor:
    if self.config.hidden_act != "silu" or not fits_compiled(x, x):
        return type(self).forward(self, x)
    return self.down_proj(Gate.apply(self.gate_proj(x), self.up_proj(x)))


def attention_forward(
    self: Any,
    hidden_states: Tensor,
    position_embeddings: tuple[Tensor, Tensor],
    attention_mask: Tensor | None = None,
    past_key_values: Any = None,
    **more: Any,
) -> tuple[Tensor, Tensor | None]:
    """Runs the forward pass of transformers' attention with its rotary embedding in one piece."""
    x_BTD, (cosine, sine) = hidden_states, position_embeddings
    attend = ALL_ATTENTION_FUNCTIONS.get(self.config._attn_implementation)
    whole = cosine.shape == (*x_BTD.shape[:2], self.head_dim)
    if past_key_values is not None or attend is None or not whole or not fits_compiled(x_BTD, cosine):
        return type(self).forward(
            self, hidden_states, position_embeddings, attention_mask, past_key_values, **more
        )
    q, k, v = (
        proj(x_BTD).view(*x_BTD.shape[:2], -1, self.head_dim)
        for proj in (self.q_proj, self.k_proj, self.v_proj)
    )
    if hasattr(self, "q_norm"):
        q, k = self.q_norm(q), self.k_norm(k)
    cosine, sine = cosine.contiguous(), sine.contiguous()
    q, k = (Rotation.apply(x, cosine, sine) for x in (q, k))
    if (window := sliding_window(self)) is not None:
        more["sliding_window"] = window
    seen, weights = attend(
        self,
        q.transpose(1, 2),
        k.transpose(1, 2),
        v.transpose(1, 2),
        attention_mask,
        dropout=self.attention_dropout if self.training else 0.0,
        scaling=self.scaling,
        **more,
    )
    return self.o_proj(seen.reshape(*x_BTD.shape[:2], -1)), weights


def sliding_window(module: Any) -> int | None:
    """Returns the window of a layer, from where each family keeps it; Llama has none."""
    if type(module).__name__.startswith("Mistral"):
        return getattr(module.config, "sliding_window", None)
    return getattr(module, "sliding_window", None)
