"""Attention over rows that lie packed in one line, for any model of transformers that lets its attention be
chosen.

A row sees itself; one that shares its prompt with others sees the prompt too. On a CPU all of it is computed
by SDPA on blocks: a prompt (or a row by itself) causally, the rows of a prompt together against it and
themselves. A GPU has kernels that take the line in one call (`packed_attention_gpu`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from numerate.training import packed_attention_cpu, packed_attention_gpu
from numerate.training.batch import PromptGroup
from numerate.training.packed_attention_gpu import Attention

NAME = "numerate_packed"
"""its name as an attention implementation of transformers; without a `layout` it is plain SDPA"""


FULL = 0.75
"""a grid of rows begins anew where a row would leave more than the rest of its columns empty"""


@dataclass(frozen=True, slots=True)
class Fork:
    """Neighbouring rows of a shared prompt, brought into a grid of K rows and T columns."""

    rows: int
    columns: int
    there: Tensor
    """[K T]: for each place of the grid the token that fills it; the first token fills what is empty"""
    back: Tensor
    """for each token its place in the grid"""
    empty: Tensor | None
    """[K T] bool; None where all rows are equally long"""


class Layout:
    """The blocks of a line: each group's prompt (with its only row), then the rows that share it."""

    def __init__(self, groups: Sequence[PromptGroup], device: torch.device | str = "cpu") -> None:
        self.sizes: list[int] = []
        """tokens of the blocks"""
        self.forks: list[list[Fork]] = []
        """per group; none where its prompt has one row"""
        self.blocks = torch.tensor(list(layout_blocks(groups)))
        """[S, 4], as the compiled function reads them"""
        self.longest = max(group.prompt + max(group.own) for group in groups)
        self.groups = tuple(groups)
        self.device = device
        self.kernels: dict[object, Attention | None] = {}
        """what `in_one` found, by the kind of layer; all layers of a kind share it"""
        for group in groups:
            if len(group.own) == 1:
                self.sizes.append(group.prompt + group.own[0])
                self.forks.append([])
            else:
                alike = list(alike_lengths(group.own))
                self.sizes += [group.prompt, *map(sum, alike)]
                self.forks.append([make_fork(own, device) for own in alike])


def layout_blocks(groups: Sequence[PromptGroup]) -> Iterator[tuple[int, int, int, int]]:
    """Yields the first token and the number of tokens, of each block and of the prompt that it continues."""
    at = 0
    for group in groups:
        alone = len(group.own) == 1
        yield at, group.prompt + group.own[0] * alone, 0, 0
        if not alone:
            for start, own in zip(accumulate(group.own, initial=at + group.prompt), group.own, strict=False):
                yield start, own, at, group.prompt
        at += group.prompt + sum(group.own)


def alike_lengths(own: Sequence[int]) -> Iterator[list[int]]:
    """Splits the rows where their lengths change much: sorted rows have little padding."""
    part: list[int] = []
    for length in own:
        if part and not FULL * max(part) <= length <= min(part) / FULL:
            yield part
            part = []
        part.append(length)
    yield part


def make_fork(lengths: Sequence[int], device: torch.device | str) -> Fork:
    own = torch.tensor(lengths)
    column = torch.arange(int(own.max()))
    filled = column < own[:, None]
    there = ((own.cumsum(0) - own)[:, None] + column) * filled
    return Fork(
        rows=len(own),
        columns=len(column),
        there=there.flatten().to(device),
        back=filled.flatten().nonzero()[:, 0].to(device),
        empty=None if bool(filled.all()) else ~filled.flatten().to(device),
    )


class _Grid(torch.autograd.Function):
    """[N, ...] tokens into their places of a grid. Both ways are a copy: every token has one place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, there: Tensor, back: Tensor) -> Tensor:  # pyright: ignore
        ctx.save_for_backward(back)
        return x.index_select(0, there)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore
        return grad.index_select(0, *ctx.saved_tensors), None, None


class _Line(torch.autograd.Function):
    """The tokens out of their grid again; what stands in empty places has no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, there: Tensor, back: Tensor, empty: Tensor | None) -> Tensor:  # pyright: ignore
        ctx.there, ctx.empty = there, empty
        return x.index_select(0, back)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore
        spread = grad.index_select(0, ctx.there)
        if ctx.empty is not None:
            spread[ctx.empty] = 0
        return spread, None, None, None


def attend_packed(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    layout: Layout | None = None,
    sliding_window: int | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """Computes attention: query [1, H, N, D], key and value [1, K, N, D] -> [1, N, H, D]."""
    value_dtype = value.dtype
    dtype = attention_dtype(query)
    query, key, value = (x.to(dtype) for x in (query, key, value))
    with torch.autocast(query.device.type, enabled=False):
        if layout is None:
            more["sliding_window"] = sliding_window
            seen_BNHD, _ = sdpa_attention_forward(
                module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
            )
        elif fits_compiled(query, key, value, layout, dropout, sliding_window):
            q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
            scale = query.shape[-1] ** -0.5 if scaling is None else scaling
            seen_BNHD: Tensor = packed_attention_cpu.Packed.apply(q, k, v, layout.blocks, scale)[None]  # pyright: ignore
        else:
            fused_kernel = in_one(query, key, layout, dropout, scaling, sliding_window)
            if fused_kernel:
                seen_BNHD = fused_kernel(query, key, value)
            else:
                seen_BNHD = in_blocks(query, key, value, layout, dropout, scaling, sliding_window)
    return seen_BNHD.to(value_dtype), None


def fits_compiled(
    query: Tensor, key: Tensor, value: Tensor, layout: Layout, dropout: float, window: int | None
) -> bool:
    """Checks whether the compiled functions know this."""
    everything = window is None or window >= layout.longest
    return everything and not dropout and packed_attention_cpu.fits_compiled(query, key, value)


def attention_dtype(query: Tensor) -> torch.dtype:
    """Returns the data type of attention: autocast's, where that is on; float32 on a CPU, whose SDPA is many
    times slower in 16 bits."""
    kind = query.device.type
    if not torch.is_autocast_enabled(kind):
        return query.dtype
    return torch.float32 if kind == "cpu" else torch.get_autocast_dtype(kind)


def in_one(
    query: Tensor, key: Tensor, layout: Layout, dropout: float, scaling: float | None, window: int | None
) -> Attention | None:
    """Returns the kernel for a whole line: flash-attention in 16 bits where it is installed, else
    FlexAttention, which has no dropout; None where there is neither."""
    if query.device.type != "cuda":
        return None
    kind = (query.shape[1], key.shape[1], query.shape[3], query.dtype, dropout, scaling, window)
    if kind not in layout.kernels:
        layout.kernels[kind] = choose_kernel(query, key, layout, dropout, scaling, window)
    return layout.kernels[kind]


def choose_kernel(
    query: Tensor, key: Tensor, layout: Layout, dropout: float, scaling: float | None, window: int | None
) -> Attention | None:
    shape = (query.shape[1], key.shape[1], query.shape[3])
    if (
        query.dtype.itemsize == 2
        and shape[2] <= packed_attention_gpu.LARGEST_HEAD
        and (kernel := packed_attention_gpu.flash_varlen())
    ):
        return packed_attention_gpu.varlen_kernel(
            packed_attention_gpu.make_sequences(layout.groups, layout.device),
            kernel,
            dropout,
            scaling,
            window,
        )
    if not dropout and packed_attention_gpu.flex_works(*shape, query.dtype, query.device):
        mask = packed_attention_gpu.block_mask(layout.groups, window, query.device)
        return packed_attention_gpu.flex_kernel(mask, scaling, packed_attention_gpu.compiled_flex())
    return None


def in_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    layout: Layout,
    dropout: float,
    scaling: float | None,
    sliding_window: int | None,
) -> Tensor:
    """Computes attention over a line by SDPA, a block at a time, [1, N, H, D]."""
    settings: dict[str, Any] = {
        "dropout_p": dropout,
        "scale": scaling,
        "enable_gqa": query.shape[1] != key.shape[1],
    }
    parts = zip(*(x.split(layout.sizes, dim=2) for x in (query, key, value)), strict=True)
    seen: list[Tensor] = []
    for forks in layout.forks:
        q, k, v = next(parts)
        hidden = outside_mask(q.shape[2], 0, sliding_window, q)
        seen.append(F.scaled_dot_product_attention(q, k, v, hidden, is_causal=hidden is None, **settings)[0])
        seen += [forked_attention(next(parts), k, v, at, sliding_window, settings) for at in forks]
    return torch.cat(seen, dim=1).transpose(0, 1)[None]


def forked_attention(
    own: tuple[Tensor, Tensor, Tensor], k: Tensor, v: Tensor, at: Fork, window: int | None, settings: Any
) -> Tensor:
    """Returns the attention of the rows over the prompt's keys and values and their own, [H, tokens, D]."""

    def grid(x: Tensor) -> Tensor:
        """Reshapes [1, H, tokens, D] to [K, H, T, D]."""
        x_NHD = x[0].transpose(0, 1)
        laid = _Grid.apply(x_NHD, at.there, at.back)
        return laid.view(at.rows, at.columns, *laid.shape[1:]).transpose(1, 2)  # pyright: ignore

    q_KHTD, own_k, own_v = (grid(x) for x in own)
    all_k = torch.cat([k.expand(at.rows, -1, -1, -1), own_k], dim=2)
    all_v = torch.cat([v.expand(at.rows, -1, -1, -1), own_v], dim=2)
    hidden = outside_mask(at.columns, k.shape[2], window, q_KHTD)
    seen = F.scaled_dot_product_attention(q_KHTD, all_k, all_v, hidden, **settings)
    seen_GHD = seen.transpose(1, 2).flatten(0, 1)
    return _Line.apply(seen_GHD, at.there, at.back, at.empty).transpose(0, 1)  # pyright: ignore


def outside_mask(tokens: int, prompt: int, window: int | None, like: Tensor) -> Tensor | None:
    """Returns [tokens, prompt + tokens], -inf where a token may not attend; None for a causal mask."""
    if not prompt and (window is None or window >= tokens):
        return None
    query = torch.arange(prompt, prompt + tokens, device=like.device)[:, None]
    key = torch.arange(prompt + tokens, device=like.device)
    away = key > query if window is None else (key > query) | (key <= query - window)
    return torch.zeros_like(away, dtype=like.dtype).masked_fill_(away, float("-inf"))


def can_pack(model: Any) -> bool:
    """Checks whether the model's attention can be ours: it lets it be chosen, and is plain SDPA now."""
    chosen = getattr(model.config, "_attn_implementation", None)
    return chosen == NAME or (chosen == "sdpa" and bool(getattr(model, "_supports_attention_backend", False)))


def use_packed(model: Any) -> None:
    """Switches the model to `attend_packed`. Calls without a layout are unchanged."""
    if model.config._attn_implementation != NAME:
        model.set_attn_implementation(NAME)


ALL_ATTENTION_FUNCTIONS.register(NAME, attend_packed)
ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
