"""Attention over a packed line in one kernel, for GPUs: flash-attention's varlen function where that package
is installed, else FlexAttention. Their index arithmetic is tested on a CPU; neither was measured on a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from numerate.training.batch import PromptGroup

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
"""query [1, H, N, D], key and value [1, K, N, D] -> [1, N, H, D]"""
LARGEST_HEAD = 256
"""numbers per head that flash-attention can do"""
CLOSE = 0.03
"""of the largest number: bfloat16 rounds by 0.004, and a gradient sums several rounded ones"""


@dataclass(frozen=True, slots=True)
class Spots:
    """The positions of the tokens of a line, [N] each."""

    group: Tensor
    own: Tensor
    """the row, counted over the line; -1 on a prompt that several rows continue"""
    position: Tensor
    """place within its row"""


def make_spots(groups: Sequence[PromptGroup], device: torch.device | str = "cpu") -> Spots:
    spots: list[tuple[int, int, int]] = []
    row = 0
    for number, group in enumerate(groups):
        shared = len(group.own) > 1
        spots += [(number, -1 if shared else row, position) for position in range(group.prompt)]
        for length in group.own:
            spots += [(number, row, group.prompt + position) for position in range(length)]
            row += 1
    return Spots(*torch.tensor(spots, device=device).unbind(1))


def visibility_mask(at: Spots, window: int | None) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """Returns FlexAttention's mask: (batch, head, query, key) -> whether the query's token sees the key's. A
    token sees what is before it in its own row and in the prompt that its group shares."""

    def sees(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        related = (at.own[q] == at.own[k]) | (at.own[k] < 0)
        seen = (k <= q) & (at.group[q] == at.group[k]) & related
        return seen if window is None else seen & (at.position[q] - at.position[k] < window)

    return sees


def block_mask(groups: Sequence[PromptGroup], window: int | None, device: torch.device) -> BlockMask:
    at = make_spots(groups, device)
    tokens = len(at.group)
    return create_block_mask(visibility_mask(at, window), None, None, tokens, tokens, device=device)


@cache
def compiled_flex() -> Any:
    return torch.compile(flex_attention, dynamic=True)


def flex_kernel(mask: BlockMask, scaling: float | None, kernel: Any = flex_attention) -> Attention:
    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        grouped = query.shape[1] != key.shape[1]
        seen = kernel(query, key, value, block_mask=mask, scale=scaling, enable_gqa=grouped)
        return seen.transpose(1, 2)

    return attend


@cache
def flash_varlen() -> Any:
    """Returns flash-attention's varlen function, None where the package is not installed or does not load."""
    try:
        from flash_attn import flash_attn_varlen_func  # pyright: ignore
    except (ImportError, OSError):
        return None
    return flash_attn_varlen_func


@dataclass(frozen=True, slots=True)
class Sequences:
    """The blocks of a line as flash-attention counts them: a prompt (with its only row) over itself; a row
    that shares its prompt over that prompt, whose keys are copied for it, and itself. As the mask is causal
    from the last key backwards, one call does all of them."""

    keys: Tensor | None
    """places in the line of the keys, block after block; None where that is the line itself"""
    query_ends: Tensor
    """0 and where each block's queries end, int32"""
    key_ends: Tensor
    longest_query: int
    longest_key: int


def make_sequences(groups: Sequence[PromptGroup], device: torch.device | str = "cpu") -> Sequences:
    queries: list[int] = []
    keys: list[list[int]] = []
    at = 0
    for group in groups:
        first = group.prompt + (group.own[0] if len(group.own) == 1 else 0)
        prompt = list(range(at, at + group.prompt))
        queries.append(first)
        keys.append(list(range(at, at + first)))
        at += first
        for length in group.own if len(group.own) > 1 else ():
            queries.append(length)
            keys.append(prompt + list(range(at, at + length)))
            at += length

    def ends(sizes: Sequence[int]) -> Tensor:
        return torch.tensor([0, *sizes]).cumsum(0).to(device, torch.int32)

    places = [position for block in keys for position in block]
    return Sequences(
        keys=None if len(places) == at else torch.tensor(places, device=device),
        query_ends=ends(queries),
        key_ends=ends([len(block) for block in keys]),
        longest_query=max(queries),
        longest_key=max(map(len, keys)),
    )


def varlen_kernel(
    of: Sequences, kernel: Any, dropout: float, scaling: float | None, window: int | None
) -> Attention:
    """Returns the kernel, deterministic so that a run can be repeated bit for bit."""

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
        if of.keys is not None:
            k, v = k[of.keys], v[of.keys]
        ends = (of.query_ends, of.key_ends, of.longest_query, of.longest_key)
        seen = kernel(
            q, k, v, *ends, dropout_p=dropout, softmax_scale=scaling, causal=True,
            window_size=(-1, -1) if window is None else (window - 1, 0), deterministic=True,
        )  # fmt: skip
        return seen[None]

    return attend


@cache
def flex_works(heads: int, kv_heads: int, size: int, dtype: torch.dtype, device: torch.device) -> bool:
    """Compiles FlexAttention for a small line and compares it, and its gradients, with plain attention: a GPU
    may lack what the compiler needs."""
    try:
        return flex_error(heads, kv_heads, size, dtype, device) <= CLOSE
    except Exception:  # whatever the compiler says, attention in blocks does without it
        return False


@torch.enable_grad()  # the first line of a run may be computed without gradients
def flex_error(heads: int, kv_heads: int, size: int, dtype: torch.dtype, device: torch.device) -> float:
    """Returns the largest difference between FlexAttention and plain attention in float32, of the result and
    of each gradient as a share of its largest number: a gradient of many queries is large, and so is its
    rounding. Raises what the compiler raises."""
    groups = (PromptGroup(5, (3, 4)), PromptGroup(6, (7,)))
    tokens = sum(group.prompt + sum(group.own) for group in groups)
    made = torch.Generator(device).manual_seed(0)
    inputs = [
        torch.randn(1, n, tokens, size, device=device, dtype=dtype, generator=made).requires_grad_()
        for n in (heads, kv_heads, kv_heads)
    ]
    index = torch.arange(tokens, device=device)
    dense = visibility_mask(make_spots(groups, device), None)(index, index, index[:, None], index)
    attended = flex_kernel(block_mask(groups, None, device), None, compiled_flex())(*inputs)
    ours = torch.autograd.grad(attended.sum(), inputs)
    pairs = zip((attended, *ours), plain_attention(inputs, dense), strict=True)
    return max(float((a.detach().float() - b).abs().max() / b.abs().max()) for a, b in pairs)


def plain_attention(inputs: Sequence[Tensor], dense: Tensor) -> list[Tensor]:
    """Returns attention [1, N, H, D] under a mask, and the gradients of its sum, in float32."""
    q, k, v = wide = [x.detach().float().requires_grad_() for x in inputs]
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    score = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~dense, float("-inf"))
    seen = (score.softmax(-1) @ v).transpose(1, 2)
    return [seen.detach(), *torch.autograd.grad(seen.sum(), wide)]
