"""Keys and values for the lean forward pass: once per prompt, continuations once per row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

STEP = 64
"""columns are added so many at a time, at least"""


@dataclass(slots=True, eq=False)
class CachedPrompt:
    index: int
    """in the prompts' cache; -1 when it is over"""
    length: int
    rows: int = 0
    """how many are in the batch"""
    open: bool = True


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that a step computes with."""

    rows: int
    prompts: int
    most: int
    """rows of the fullest prompt"""
    columns: int
    """tokens of the longest prompt"""
    length: int
    """tokens of the longest continuation, the new one included"""

    def rounded(self) -> Sizes:
        """Returns sizes rounded up to few different ones: rows, a cost of all products, to 4 steps between
        powers of two, the others, a cost of attention only, to powers of two."""
        step = max(8, _power(self.rows) // 8)
        return Sizes(
            rows=-(-self.rows // step) * step,
            prompts=_power(self.prompts),
            most=_power(self.most),
            columns=max(STEP, _power(self.columns)),
            length=max(STEP, _power(self.length)),
        )


def _power(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Plan:
    """The layout that all layers of one step share. Q prompts, N rows of the fullest one. Rows beyond those
    of the batch continue the first prompt and are computed for nothing."""

    prompt_B: Tensor
    """tokens of each row's prompt"""
    column_B: Tensor
    """tokens that each row has written: where the new keys and values go"""
    spread: Tensor
    """[Q K N] for each place of the prompts' blocks, the (row, key head) that fills it"""
    gather: Tensor
    """[B K] the place in the blocks of each (row, key head)"""

    def mask(self, sizes: Sizes, dtype: torch.dtype) -> Tensor:
        """Returns [B, 1, P + T] 0, or -inf where a row has no token."""
        device = self.prompt_B.device
        hidden = torch.cat(
            [
                torch.arange(sizes.columns, device=device) >= self.prompt_B[:, None],
                torch.arange(sizes.length, device=device) > self.column_B[:, None],
            ],
            dim=1,
        )
        return torch.zeros(hidden.shape, dtype=dtype, device=device).masked_fill_(hidden, -torch.inf)[:, None]


class Rows:
    """The rows of a batch and the prompts they continue, for L layers of K key heads of D numbers."""

    def __init__(
        self, layers: int, kv_heads: int, head_dim: int, like: Tensor, rows: int = 0, columns: int = 0
    ) -> None:
        """Allocates `rows` of `columns` tokens; both grow where that is not enough. Unwritten entries are 0:
        the pass computes with them and masks them afterwards."""
        self.fresh: Callable[[Sequence[int]], Tensor] = like.new_zeros
        self.kv_heads = kv_heads
        self.device = like.device
        # Keys lie as [D, columns]: the product with a transposed narrow matrix takes twice as long.
        self.prompt_k = self.fresh((layers, 0, kv_heads, head_dim, 0))
        """[L, prompts, K, D, P]"""
        self.prompt_v = self.fresh((layers, 0, kv_heads, 0, head_dim))
        """[L, prompts, K, P, D]"""
        columns = -(-columns // STEP) * STEP
        self.suffix_k = self.fresh((layers, rows, kv_heads, head_dim, columns))
        """[L, rows, K, D, T]"""
        self.suffix_v = self.fresh((layers, rows, kv_heads, columns, head_dim))
        """[L, rows, K, T, D]"""
        self.prompts: list[CachedPrompt] = []
        self.owner: list[CachedPrompt] = []
        """of each row"""
        self.length_B = np.zeros(0, dtype=np.int64)
        """how much each row has written"""

    def store_prompt(self, k: Sequence[Tensor], v: Sequence[Tensor]) -> CachedPrompt:
        """Stores the keys and values of a prompt, [P, K, D] for each layer."""
        index, length = len(self.prompts), len(k[0])
        self.make_prompt_room(index + 1, length)
        for layer, (k_PKD, v_PKD) in enumerate(zip(k, v, strict=True)):
            self.prompt_k[layer, index, :, :, :length] = k_PKD.permute(1, 2, 0)
            self.prompt_v[layer, index, :, :length] = v_PKD.transpose(0, 1)
        prompt = CachedPrompt(index, length)
        self.prompts.append(prompt)
        return prompt

    def join(self, prompt: CachedPrompt, rows: int) -> None:
        prompt.rows += rows
        self.owner += [prompt] * rows
        self.length_B = np.append(self.length_B, np.zeros(rows, dtype=np.int64))
        self.make_room(len(self.owner), 1)

    def close(self, prompt: CachedPrompt) -> None:
        prompt.open = False
        self.forget(prompt)

    def drop(self, gone: Sequence[int]) -> list[int]:
        """Drops rows; the last rows move into the gaps. Returns the former number of each row."""
        order = list(range(len(self.owner)))
        for row in reversed(gone):
            last = order.pop()
            if row < len(order):
                order[row] = last
        moved = [index for index, row in enumerate(order) if index != row]
        if moved:
            source = [order[index] for index in moved]
            upto = int(self.length_B[source].max())
            self.suffix_k[:, moved, :, :, :upto] = self.suffix_k[:, source, :, :, :upto]
            self.suffix_v[:, moved, :, :upto] = self.suffix_v[:, source, :, :upto]
        for row in gone:
            self.owner[row].rows -= 1
        left = [self.owner[row] for row in gone]
        self.owner = [self.owner[row] for row in order]
        self.length_B = self.length_B[order]
        for prompt in left:
            self.forget(prompt)
        return order

    def forget(self, prompt: CachedPrompt) -> None:
        """Drops a prompt without further rows; the last one moves into its place."""
        index = prompt.index
        if prompt.open or prompt.rows or index < 0:
            return
        last = self.prompts.pop()
        if last is not prompt:
            self.prompt_k[:, index, :, :, : last.length] = self.prompt_k[:, last.index, :, :, : last.length]
            self.prompt_v[:, index, :, : last.length] = self.prompt_v[:, last.index, :, : last.length]
            last.index, self.prompts[index] = index, last
        prompt.index = -1

    def sizes(self) -> Sizes:
        return Sizes(
            rows=len(self.owner),
            prompts=len(self.prompts),
            most=max(prompt.rows for prompt in self.prompts),
            columns=max(prompt.length for prompt in self.owner),
            length=int(self.length_B.max()) + 1,
        )

    def plan(self, sizes: Sizes) -> Plan:
        """Plans a step. sizes: at least the present ones."""
        heads, most, rows = self.kv_heads, sizes.most, len(self.owner)
        extra = (0, sizes.rows - rows)
        prompt_B = np.pad([prompt.length for prompt in self.owner], extra)
        index_B = np.array([prompt.index for prompt in self.owner])
        order = np.argsort(index_B, kind="stable")
        count_Q = np.bincount(index_B)
        first_Q = np.cumsum(count_Q) - count_Q
        rank_B = np.empty(rows, dtype=np.int64)
        rank_B[order] = np.arange(rows) - first_Q[index_B[order]]
        head_K = np.arange(heads)
        gather = (index_B[:, None] * heads + head_K) * most + rank_B[:, None]
        spread = np.zeros(sizes.prompts * heads * most, dtype=np.int64)
        spread[gather] = np.arange(rows)[:, None] * heads + head_K
        return Plan(
            prompt_B=self.tensor(prompt_B),
            column_B=self.tensor(np.pad(self.length_B, extra)),
            spread=self.tensor(spread),
            gather=self.tensor(np.pad(gather, (extra, (0, 0))).ravel()),
        )

    def tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def attend(
        self, layer: int, q_BHD: Tensor, k_BKD: Tensor, v_BKD: Tensor, plan: Plan, mask: Tensor, sizes: Sizes
    ) -> Tensor:
        """Writes the rows' new keys and values; returns what their queries see, [B, H D]."""
        rows, heads, size = q_BHD.shape
        group = heads // self.kv_heads
        row_B = torch.arange(rows, device=self.device)
        self.suffix_k[layer][row_B, :, :, plan.column_B] = k_BKD
        self.suffix_v[layer][row_B, :, plan.column_B] = v_BKD
        old_k = self.prompt_k[layer, : sizes.prompts].flatten(0, 1)[:, :, : sizes.columns]
        old_v = self.prompt_v[layer, : sizes.prompts].flatten(0, 1)[:, : sizes.columns]
        new_k = self.suffix_k[layer, :rows].flatten(0, 1)[:, :, : sizes.length]
        new_v = self.suffix_v[layer, :rows].flatten(0, 1)[:, : sizes.length]
        q_RGD = q_BHD.reshape(-1, group, size)
        block = q_RGD.flatten(1).index_select(0, plan.spread).view(len(old_k), -1, size)
        old = torch.bmm(block, old_k).view(-1, group * sizes.columns)
        old_RGP = old.index_select(0, plan.gather).view(-1, group, sizes.columns)
        new_RGT = torch.bmm(q_RGD, new_k)
        scores = torch.cat([old_RGP, new_RGT], dim=-1).view(rows, heads, -1)
        share = scores.add_(mask).softmax(-1).view(rows * self.kv_heads, group, -1)
        old_RGP, new_RGT = share.split([sizes.columns, sizes.length], dim=-1)
        block = old_RGP.flatten(1).index_select(0, plan.spread).view(len(old_v), -1, sizes.columns)
        seen = torch.bmm(block, old_v).view(-1, group * size).index_select(0, plan.gather)
        return seen.add_(torch.bmm(new_RGT, new_v).view(-1, group * size)).view(rows, -1)

    def make_room(self, rows: int, columns: int) -> None:
        """Allocates room for so many tokens of so many rows."""
        self.suffix_k = self.room(self.suffix_k, rows, columns, step=STEP, axis=4)
        self.suffix_v = self.room(self.suffix_v, rows, columns, step=STEP, axis=3)

    def make_prompt_room(self, prompts: int, columns: int) -> None:
        """Allocates room for so many tokens of so many prompts."""
        self.prompt_k = self.room(self.prompt_k, prompts, columns, step=32, axis=4)
        self.prompt_v = self.room(self.prompt_v, prompts, columns, step=32, axis=3)

    def grow(self) -> None:
        self.length_B += 1

    def room(self, cache: Tensor, rows: int, columns: int, step: int, axis: int) -> Tensor:
        """Returns the cache, or a copy that holds at least so many rows (its second axis) and columns
        (`axis`)."""
        have_rows, have_columns = cache.shape[1], cache.shape[axis]
        if rows <= have_rows and columns <= have_columns:
            return cache
        shape = list(cache.shape)
        if rows > have_rows:
            shape[1] = max(rows, 2 * have_rows)
        if columns > have_columns:
            shape[axis] = -(-max(columns, 2 * have_columns) // step) * step
        larger = self.fresh(shape)
        larger[:, :have_rows].narrow(axis, 0, have_columns).copy_(cache)
        return larger
