"""The lean forward pass with a whole step compiled: one call for a token of every row through all layers, on
as many threads as torch uses, and attention that computes no padding."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerate.kernels.build import Attention, CacheStruct, LayerStruct, ModelStruct
from numerate.models.inference.base import LeanForward
from numerate.models.inference.matrices import PackedMatrix, aligned_room
from numerate.models.inference.paged_kv_cache import Blocks
from numerate.models.inference.weights import Weights
from numerate.models.threads import in_parts, thread_count, torch_on_this_thread


class CompiledModel:
    """Packed weights as the compiled step reads them. Keys, values and sums are float32 in any format."""

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

    def embedded(self, token_T: Tensor) -> Tensor:
        return self.w.embed[token_T].float()

    def prefill(self, ids: Sequence[int]) -> tuple[Any, Tensor]:
        with torch_on_this_thread():
            return super().prefill(ids)

    def attend_prompt(self, q_THD: Tensor, k_TKD: Tensor, v_TKD: Tensor) -> Tensor:
        q, k, v = (part.contiguous() for part in (q_THD, k_TKD, v_TKD))
        seen, top = torch.empty_like(q), q.new_empty(q.shape[:2])
        block = torch.tensor([[0, len(q), 0, 0]])
        arguments = Attention(
            heads=q.shape[1],
            kv_heads=k.shape[1],
            size=q.shape[2],
            scale=1.0,
            blocks=1,
            block=block.data_ptr(),
        )
        for name, tensor in {"q": q, "k": k, "v": v, "seen": seen, "top": top}.items():
            setattr(arguments, name, tensor.data_ptr())

        def part(first: int, last: int) -> None:
            if self.lib.packed(ctypes.addressof(arguments), 0, first, last):
                raise MemoryError("no memory for attention")

        in_parts(k.shape[1], part, least=1)
        return seen.flatten(1)

    def step(self, token_B: Tensor) -> Tensor:
        w, rows, threads = self.w, self.rows, thread_count()
        rows.make_room()
        keys = int((rows.prompt_tokens_B + rows.length_B).max()) + 1
        self.extend_rotations(keys)
        blocks_BN = np.ascontiguousarray(rows.blocks_BN)
        cache = CacheStruct(
            heads=w.heads,
            kv_heads=w.kv_heads,
            size=w.head_dim,
            turns=torch.view_as_real(self.rotation_table).data_ptr(),
            prompt=rows.prompt_B.ctypes.data,
            prompt_tokens=rows.prompt_tokens_B.ctypes.data,
            blocks=blocks_BN.ctypes.data,
            most=blocks_BN.shape[1],
            written=rows.length_B.ctypes.data,
        )
        token_B = token_B.to(torch.int64).contiguous()
        logits_BV = torch.empty(len(token_B), packed(w.head).columns)
        places = ctypes.addressof(self.model.struct), ctypes.addressof(cache)
        needed = self.lib.step_room(*places, len(token_B), keys, threads)
        if needed > len(self.room) - 32:
            self.room, self.address = aligned_room(needed * 5 // 4)
        failed = self.lib.step(
            *(*places, token_B.data_ptr(), len(token_B), keys),
            *(self.address, logits_BV.data_ptr(), threads),
        )
        if failed:
            raise IndexError(f"a token is not one of the model's {len(w.embed)}")
        rows.grow()
        return logits_BV


def packed(matrix: object) -> PackedMatrix:
    assert isinstance(matrix, PackedMatrix)
    return matrix
