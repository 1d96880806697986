"""Keys and values in blocks of tokens, for the compiled step: a row holds as many blocks as it has written.

Nothing is copied when rows leave or grow, and a block that is given back serves the next row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

BLOCK = 16
"""tokens; decode.h has the same number. A row leaves half a block empty on average"""
SLAB = 16
"""blocks that are allocated at once"""


@dataclass(slots=True, eq=False)
class BlockRequest:
    """A prompt's keys and values: [L, K, keys [D, P] then values [P, D]], P whole blocks."""

    cache: Tensor
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class KeptRow:
    """A row that is not in the batch, with its keys and values."""

    prompt: BlockRequest
    blocks: tuple[int, ...]
    """addresses"""
    length: int
    """how much it has written"""


class Blocks:
    """The rows of a batch and the prompts they continue, for L layers of K key heads of D numbers."""

    def __init__(self, layers: int, kv_heads: int, head_dim: int) -> None:
        self.layers, self.kv_heads, self.head_dim = layers, kv_heads, head_dim
        self.slabs: list[Tensor] = []
        self.free: list[int] = []
        """addresses of blocks"""
        self.owner: list[BlockRequest] = []
        """of each row"""
        self.prompt_B = np.zeros(0, dtype=np.int64)
        """address of each row's prompt"""
        self.prompt_tokens_B = np.zeros(0, dtype=np.int64)
        self.blocks_BN = np.zeros((0, 1), dtype=np.int64)
        """addresses of each row's blocks; 0 where it has none yet"""
        self.length_B = np.zeros(0, dtype=np.int64)
        """how much each row has written"""

    def new_prompt(self, length: int) -> tuple[BlockRequest, int]:
        """Returns memory for the keys and values of a prompt of so many tokens, and P, its columns."""
        columns = -(-length // BLOCK) * BLOCK
        cache = torch.empty(self.layers, self.kv_heads, 2, self.head_dim * columns)
        return BlockRequest(cache, length), columns

    def join(self, prompt: BlockRequest, rows: int) -> None:
        self.owner += [prompt] * rows
        self.prompt_B = np.append(self.prompt_B, np.full(rows, prompt.cache.data_ptr()))
        self.prompt_tokens_B = np.append(self.prompt_tokens_B, np.full(rows, prompt.length))
        self.length_B = np.append(self.length_B, np.zeros(rows, dtype=np.int64))
        self.blocks_BN = np.pad(self.blocks_BN, ((0, rows), (0, 0)))

    def close(self, prompt: BlockRequest) -> None:
        """Marks a prompt as complete: it is freed with its last row."""

    def drop(self, gone: Sequence[int]) -> list[int]:
        """Drops rows; the others keep their order. Returns the former number of each."""
        self.free += [int(block) for block in self.blocks_BN[gone].ravel() if block]
        out = set(gone)
        order = [row for row in range(len(self.owner)) if row not in out]
        self.owner = [self.owner[row] for row in order]
        self.length_B, self.blocks_BN = self.length_B[order], self.blocks_BN[order]
        self.prompt_B, self.prompt_tokens_B = self.prompt_B[order], self.prompt_tokens_B[order]
        return order

    def take_out(self, row: int) -> KeptRow:
        """Returns a row of the batch with its blocks; dropping it afterwards does not free them."""
        blocks = tuple(int(block) for block in self.blocks_BN[row] if block)
        self.blocks_BN[row] = 0
        return KeptRow(self.owner[row], blocks, int(self.length_B[row]))

    def put_back(self, kept: KeptRow) -> None:
        """Adds a kept row at the end of the batch."""
        self.join(kept.prompt, 1)
        self.length_B[-1] = kept.length
        if (missing := len(kept.blocks) - self.blocks_BN.shape[1]) > 0:
            self.blocks_BN = np.pad(self.blocks_BN, ((0, 0), (0, missing)))
        self.blocks_BN[-1, : len(kept.blocks)] = kept.blocks

    def free_kept(self, kept: KeptRow) -> None:
        """Frees the blocks of a kept row that will not come back."""
        self.free += kept.blocks

    def make_room(self) -> None:
        """Allocates a block for the next token of every row."""
        position_B = self.length_B // BLOCK
        if len(position_B) and (most := int(position_B.max()) + 1) > self.blocks_BN.shape[1]:
            self.blocks_BN = np.pad(self.blocks_BN, ((0, 0), (0, most - self.blocks_BN.shape[1])))
        for row in np.flatnonzero(self.blocks_BN[np.arange(len(position_B)), position_B] == 0):
            self.blocks_BN[row, position_B[row]] = self.new_block()

    def new_block(self) -> int:
        if not self.free:
            slab = torch.empty(SLAB, self.layers, self.kv_heads, 2, self.head_dim * BLOCK)
            self.slabs.append(slab)
            size = slab[0].nbytes
            self.free = [slab.data_ptr() + i * size for i in range(SLAB)][::-1]
        return self.free.pop()

    def grow(self) -> None:
        self.length_B += 1
