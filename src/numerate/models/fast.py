"""A lean forward pass for Llama-shaped models, behind the engine's Backend interface.

Keys and values live in two places: those of a prompt once per question, those of what was written once per
row. A row attends to both with one softmax; all rows of a question meet the prompt's keys in one matrix
product. On small models most of the time of a library's forward pass goes into copies, masks and dispatch:
here a layer is some thirty tensor operations and nothing is copied but the new keys and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from numerate import kernels
from numerate.models.fast_cache import Question, Rows
from numerate.models.weights import Layer, Weights, read

FIRST_COLUMNS = 128
"""tokens per row for which room is taken at once: few answers are longer, and room grows"""


def fast_forward(model: Any, dtype: torch.dtype | None = None) -> Callable[[int, int], FastForward] | None:
    """Copies the weights of a model, in `dtype` or their own format. Returns what makes an empty batch for so
    many rows of so many tokens, None where the model has another shape."""
    weights = read(model, dtype)
    if weights is None:
        return None
    from numerate.models import compiled  # which stands on this module

    if compiled.fits(weights) and (lib := kernels.library()) is not None:
        return lambda rows, tokens: compiled.CompiledForward(weights, lib, rows, tokens)
    return lambda rows, tokens: FastForward(weights, rows, tokens)


class FastForward:
    """Backend over the weights as they were when they were read."""

    join_at = 0.0
    mixes = True
    computes_padding = True

    def __init__(self, weights: Weights, rows: int = 0, tokens: int = 0) -> None:
        """Takes room for `rows` of `tokens`, where that is not much; more is taken when it is needed."""
        self.w = weights
        self.turns = torch.zeros(0, dtype=torch.complex64, device=weights.embed.device)
        shape = (len(weights.layers), weights.kv_heads, weights.head_dim)
        self.rows = Rows(*shape, weights.embed, rows, min(tokens, FIRST_COLUMNS), self.computes_padding)

    def prefill(self, ids: Sequence[int]) -> tuple[Question, Tensor]:
        """Runs a prompt; of its last token alone the last layer computes more than keys and values."""
        w, length = self.w, len(ids)
        x_Td = w.embed[torch.tensor(ids, device=w.embed.device)]
        turn = self.turn(torch.arange(length, device=w.embed.device))
        keys: list[Tensor] = []
        values: list[Tensor] = []
        for i, layer in enumerate(w.layers):
            q, k, v = self.project(layer, x_Td, turn)
            keys.append(k)
            values.append(v)
            if i == len(w.layers) - 1:
                q, x_Td = q[-1:], x_Td[-1:]
            heads = (part.transpose(0, 1)[None] for part in (q, k, v))
            seen = F.scaled_dot_product_attention(
                next(heads), next(heads), next(heads), is_causal=len(q) == length, scale=1.0, enable_gqa=True
            )
            x_Td = self.finish(layer, x_Td, seen[0].transpose(0, 1).reshape(len(x_Td), -1))
        return self.rows.ask(keys, values), self.logits(x_Td)[0]

    def join(self, question: Question, rows: int) -> None:
        self.rows.join(question, rows)

    def close(self, question: Question) -> None:
        self.rows.close(question)

    def drop(self, gone: Sequence[int]) -> list[int]:
        return self.rows.drop(gone)

    def step(self, token_B: Tensor) -> Tensor:
        w = self.w
        plan = self.rows.plan()
        x_Bd = w.embed[token_B]
        turn = self.turn(plan.position_B)
        for i, layer in enumerate(w.layers):
            q, k, v = self.project(layer, x_Bd, turn)
            x_Bd = self.finish(layer, x_Bd, self.rows.attend(i, q, k, v, plan))
        self.rows.grow()
        return self.logits(x_Bd)

    def turn(self, position_T: Tensor) -> Tensor:
        """[T, H + 2 K, D / 2] complex numbers that turn (and scale) queries, turn keys, and leave values
        alone."""
        w = self.w
        self.know_turns(int(position_T.max()) + 1)
        turn = self.turns[position_T][:, None]
        parts = (
            (turn * w.head_dim**-0.5).expand(-1, w.heads, -1),
            turn.expand(-1, w.kv_heads, -1),
            torch.ones_like(turn).expand(-1, w.kv_heads, -1),
        )
        return torch.cat(parts, dim=1)

    def know_turns(self, positions: int) -> None:
        """The table of turns has at least so many positions."""
        w = self.w
        if positions > len(self.turns):
            steps = torch.arange(2 * positions, device=w.embed.device).float()
            self.turns = torch.polar(torch.ones((), device=w.embed.device), steps[:, None] * w.frequency)

    def project(self, layer: Layer, x_Td: Tensor, turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [T, H, D], keys and values [T, K, D]."""
        w = self.w
        qkv = F.linear(self.normed(x_Td, layer.norm), layer.qkv, layer.qkv_bias).float()
        pairs = torch.view_as_complex(qkv.view(len(x_Td), -1, w.head_dim // 2, 2)) * turn
        turned = torch.view_as_real(pairs).view(len(x_Td), -1, w.head_dim).to(x_Td.dtype)
        q, k, v = turned.split([w.heads, w.kv_heads, w.kv_heads], dim=1)
        return q, k, v

    def finish(self, layer: Layer, x_Td: Tensor, seen_Td: Tensor) -> Tensor:
        """The rest of a layer: what attention saw, and the gated MLP, each added to the stream."""
        x_Td = torch.addmm(x_Td, seen_Td, layer.out.t())
        gate, up = F.linear(self.normed(x_Td, layer.mlp_norm), layer.gate_up).chunk(2, -1)
        return torch.addmm(x_Td, F.silu(gate).mul_(up), layer.down.t())

    def normed(self, x_Td: Tensor, gain: Tensor | None) -> Tensor:
        """x / rms(x) * gain; by hand, for torch's own rms_norm costs twice as much on a small batch."""
        x = x_Td.float()
        x = x * (x * x).mean(-1, keepdim=True).add_(self.w.eps).rsqrt_()
        return x if gain is None else x.to(x_Td.dtype) * gain

    def logits(self, x_Bd: Tensor) -> Tensor:
        return F.linear(self.normed(x_Bd, self.w.norm), self.w.head)
