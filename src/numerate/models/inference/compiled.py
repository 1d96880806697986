"""The lean forward pass compiled: one call for a prompt, one for a token of every row, each through all
layers on as many threads as torch uses, and attention that computes no padding."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from numerate.kernels.build import CacheStruct, LayerStruct, ModelStruct
from numerate.models.inference.base import LeanForward
from numerate.models.inference.matrices import PackedMatrix, aligned_room
from numerate.models.inference.paged_kv_cache import BlockRequest, Blocks, KeptRow
from numerate.models.inference.weights import Weights

NO_MEMORY = 2
"""what `prompt` in prompt.c returns then"""


class CompiledModel:
    """Packed weights as the compiled functions read them. Keys, values and sums are float32 in any format."""

    def __init__(self, weights: Weights, lib: ctypes.CDLL) -> None:
        self.weights, self.lib = weights, lib
        self.layers = (LayerStruct * len(weights.layers))()
        for struct, layer in zip(self.layers, weights.layers, strict=True):
            for name in ("qkv", "out", "gate_up", "down"):
                setattr(struct, name, packed(getattr(layer, name)).struct)
            struct.bias = None if layer.qkv_bias is None else layer.qkv_bias.data_ptr()
            struct.gain = None if layer.head_norm is None else layer.head_norm.data_ptr()
        first, width = weights.layers[0], weights.embed.shape[1]
        self.struct = ModelStruct(
            layers=len(weights.layers),
            width=width,
            inner=packed(first.down).numbers,
            eps=weights.eps,
            embed=weights.embed.data_ptr(),
            tokens=len(weights.embed),
            pairs=weights.embed.dtype == torch.bfloat16,
            layer=self.layers,
            head=packed(weights.head).struct,
        )


class CompiledForward(LeanForward):
    """In float32 gives the numbers of FastForward up to rounding."""

    def __init__(self, model: CompiledModel) -> None:
        weights = model.weights
        self.rows = Blocks(len(weights.layers), weights.kv_heads, weights.head_dim)
        super().__init__(weights, self.rows)
        self.model, self.lib = model, model.lib
        self.room, self.address = aligned_room(0)

    def prefill(self, ids: Sequence[int]) -> tuple[BlockRequest, Tensor]:
        if not ids:
            raise ValueError("a prompt needs at least one token")  # the compiled function writes its last row
        token_T = torch.tensor(ids, dtype=torch.int64)
        self.extend_rotations(len(ids))
        cache, threads = self.cache_struct(), torch.get_num_threads()
        prompt, columns = self.rows.new_prompt(len(ids))
        logits_V = torch.empty(packed(self.w.head).columns)
        places = ctypes.addressof(self.model.struct), ctypes.addressof(cache)
        room = self.room_for(self.lib.prompt_room(*places, len(ids), threads))
        failed = self.lib.prompt(
            *(*places, token_T.data_ptr(), len(ids), prompt.cache.data_ptr(), columns),
            *(room, logits_V.data_ptr(), threads),
        )
        if failed == NO_MEMORY:
            raise MemoryError("no memory for attention")
        self.check_tokens(failed)
        return prompt, logits_V

    def step(self, token_B: Tensor) -> Tensor:
        rows, threads = self.rows, torch.get_num_threads()
        if not 0 < len(token_B) == len(rows.length_B):
            raise ValueError(f"{len(token_B)} tokens for {len(rows.length_B)} rows: each needs one")
        rows.make_room()
        keys = int((rows.prompt_tokens_B + rows.length_B).max()) + 1
        self.extend_rotations(keys)
        blocks_BN = np.ascontiguousarray(rows.blocks_BN)
        cache = self.cache_struct()
        cache.prompt = rows.prompt_B.ctypes.data
        cache.prompt_tokens = rows.prompt_tokens_B.ctypes.data
        cache.blocks, cache.most = blocks_BN.ctypes.data, blocks_BN.shape[1]
        cache.written = rows.length_B.ctypes.data
        token_B = token_B.to(torch.int64).contiguous()
        logits_BV = torch.empty(len(token_B), packed(self.w.head).columns)
        places = ctypes.addressof(self.model.struct), ctypes.addressof(cache)
        room = self.room_for(self.lib.step_room(*places, len(token_B), keys, threads))
        failed = self.lib.step(
            *(*places, token_B.data_ptr(), len(token_B), keys),
            *(room, logits_BV.data_ptr(), threads),
        )
        self.check_tokens(failed)
        rows.grow()
        return logits_BV

    def take_out(self, row: int) -> KeptRow:
        return self.rows.take_out(row)

    def put_back(self, kept: KeptRow) -> None:
        self.rows.put_back(kept)

    def free_kept(self, kept: KeptRow) -> None:
        self.rows.free_kept(kept)

    def cache_struct(self) -> CacheStruct:
        w = self.w
        turns = torch.view_as_real(self.rotation_table).data_ptr()
        return CacheStruct(heads=w.heads, kv_heads=w.kv_heads, size=w.head_dim, turns=turns)

    def room_for(self, numbers: int) -> int:
        """Returns the address of memory for so many numbers; the last call's is used again."""
        if numbers > len(self.room) - 32:
            self.room, self.address = aligned_room(numbers * 5 // 4)
        return self.address

    def check_tokens(self, failed: int) -> None:
        if failed:
            raise IndexError(f"a token is not one of the model's {len(self.w.embed)}")


def packed(matrix: object) -> PackedMatrix:
    assert isinstance(matrix, PackedMatrix)
    return matrix
