"""Base of the lean forward passes: the weights in their own layout, and the pass over a prompt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from numerate.models.inference.weights import Layer, Weights


class Cache(Protocol):
    """Keys and values: those of a prompt once, those of what was written once per row."""

    def join(self, prompt: Any, rows: int) -> None: ...
    def close(self, prompt: Any) -> None: ...
    def drop(self, gone: Sequence[int]) -> list[int]: ...


class LeanForward(ABC):
    """Base of the backends that copy the weights; subclasses add `step`."""

    join_at = 0.0
    mixes = True
    shares_prompts = True

    def __init__(self, weights: Weights, cache: Cache) -> None:
        self.w = weights
        self.cache = cache
        self.rotation_table = torch.zeros(0, dtype=torch.complex64, device=weights.embed.device)

    @abstractmethod
    def prefill(self, ids: Sequence[int]) -> tuple[Any, Tensor]:
        """Runs a prompt; of its last token alone the last layer computes what follows its attention. Returns
        what `join` takes, and the logits after it, [V]."""

    @abstractmethod
    def step(self, token_B: Tensor) -> Tensor:
        """Appends one token to every row; returns the logits after it, [B, V]."""

    def join(self, prompt: Any, rows: int) -> None:
        self.cache.join(prompt, rows)

    def close(self, prompt: Any) -> None:
        self.cache.close(prompt)

    def drop(self, gone: Sequence[int]) -> list[int]:
        return self.cache.drop(gone)

    def extend_rotations(self, positions: int) -> None:
        """Extends the table of rotations to at least so many positions."""
        w = self.w
        if positions > len(self.rotation_table):
            steps = torch.arange(2 * positions, device=w.embed.device).float()
            self.rotation_table = torch.polar(
                torch.ones((), device=w.embed.device), steps[:, None] * w.frequency
            )


class LayerCache(Cache, Protocol):
    def store_prompt(self, k: Sequence[Tensor], v: Sequence[Tensor]) -> Any:
        """Stores those of a prompt, [P, K, D] for each layer; returns what `join` takes."""
        ...


class LayerwiseForward(LeanForward):
    """Base of the passes that call torch layer by layer."""

    cache: LayerCache

    def prefill(self, ids: Sequence[int]) -> tuple[Any, Tensor]:
        w, length = self.w, len(ids)
        x_Td = self.embedded(torch.tensor(ids, device=w.embed.device))
        self.extend_rotations(length)
        rotation = self.rotations(torch.arange(length, device=w.embed.device))
        keys: list[Tensor] = []
        values: list[Tensor] = []
        for i, layer in enumerate(w.layers):
            q, k, v = self.project(layer, x_Td, rotation)
            keys.append(k)
            values.append(v)
            seen_Td = self.attend_prompt(q, k, v)
            if i == len(w.layers) - 1:
                seen_Td, x_Td = seen_Td[-1:], x_Td[-1:]
            x_Td = self.finish(layer, x_Td, seen_Td)
        return self.cache.store_prompt(keys, values), self.logits(x_Td)[0]

    def embedded(self, token_T: Tensor) -> Tensor:
        """Returns the first hidden states, [T, d], in the data type that the layers compute in."""
        return self.w.embed[token_T]

    def attend_prompt(self, q_THD: Tensor, k_TKD: Tensor, v_TKD: Tensor) -> Tensor:
        """Returns the attention of every token of a prompt to those before it and to itself, [T, H D]."""
        q, k, v = (part.transpose(0, 1)[None] for part in (q_THD, k_TKD, v_TKD))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0, enable_gqa=True)
        return seen[0].transpose(0, 1).flatten(1)

    def rotations(self, position_T: Tensor) -> Tensor:
        """Returns [T, H + 2 K, D / 2] complex numbers that rotate (and scale) queries, rotate keys, and leave
        values unchanged. The table must have the positions."""
        w = self.w
        rotation = self.rotation_table[position_T][:, None]
        parts = (
            (rotation * w.head_dim**-0.5).expand(-1, w.heads, -1),
            rotation.expand(-1, w.kv_heads, -1),
            torch.ones_like(rotation).expand(-1, w.kv_heads, -1),
        )
        return torch.cat(parts, dim=1)

    def project(self, layer: Layer, x_Td: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns queries [T, H, D], keys and values [T, K, D]."""
        w = self.w
        qkv = self.biased(layer, layer.qkv.product(self.normed(x_Td, layer.norm))).float()
        pairs = torch.view_as_complex(qkv.view(len(x_Td), -1, w.head_dim // 2, 2)) * rotation
        turned = torch.view_as_real(pairs).view(len(x_Td), -1, w.head_dim).to(x_Td.dtype)
        q, k, v = turned.split([w.heads, w.kv_heads, w.kv_heads], dim=1)
        return q, k, v

    def biased(self, layer: Layer, qkv_TD: Tensor) -> Tensor:
        """Adds the bias and norms each query and key, where the model does that, in place."""
        if layer.qkv_bias is not None:
            qkv_TD += layer.qkv_bias
        if layer.head_norm is not None:
            heads_THD = qkv_TD.view(len(qkv_TD), -1, self.w.head_dim)[:, : len(layer.head_norm)]
            heads_THD.copy_(self.normed(heads_THD, layer.head_norm))
        return qkv_TD

    def finish(self, layer: Layer, x_Td: Tensor, seen_Td: Tensor) -> Tensor:
        """Computes the rest of a layer: the attention's output and the gated MLP, each added to the stream in
        place."""
        x_Td = layer.out.product(seen_Td, x_Td)
        gate, up = layer.gate_up.product(self.normed(x_Td, layer.mlp_norm)).chunk(2, -1)
        return layer.down.product(F.silu(gate).mul_(up), x_Td)

    def normed(self, x_Td: Tensor, gain: Tensor | None) -> Tensor:
        """Returns x / rms(x) * gain; by hand, for torch's own rms_norm costs twice as much on a small
        batch."""
        x = x_Td.float()
        x = x * (x * x).mean(-1, keepdim=True).add_(self.w.eps).rsqrt_()
        return x if gain is None else x.to(x_Td.dtype) * gain

    def logits(self, x_Bd: Tensor) -> Tensor:
        return self.w.head.product(self.normed(x_Bd, self.w.norm))
