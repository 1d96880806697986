"""The lean forward pass with its small operations compiled: between the matrix products of a layer one call
instead of ten operations of torch, and attention that computes no padding."""

from __future__ import annotations

import ctypes

import numpy as np
import torch
from torch import Tensor

from numerate.kernels.build import CacheStruct
from numerate.models.inference.base import LeanForward
from numerate.models.inference.paged_kv_cache import BLOCK, Blocks
from numerate.models.inference.weights import Weights
from numerate.models.matmul import matrix_product
from numerate.models.threads import in_parts

HEADS_AT_ONCE = 4
"""the most that decode.c gives scratch space"""


class CompiledForward(LeanForward):
    """For float32 on a CPU; gives the numbers of FastForward up to rounding."""

    def __init__(self, weights: Weights, lib: ctypes.CDLL) -> None:
        self.rows = Blocks(len(weights.layers), weights.kv_heads, weights.head_dim)
        super().__init__(weights, self.rows)
        self.lib = lib

    def step(self, token_B: Tensor) -> Tensor:
        w, rows, n = self.w, self.rows, len(self.rows.owner)
        rows.make_room()
        prompt_B, prompt_tokens_B = rows.prompts()
        keys = int((prompt_tokens_B + rows.length_B).max()) + 1
        self.know_turns(keys)
        turns = torch.view_as_real(self.turns).contiguous()
        blocks_BN = np.ascontiguousarray(rows.blocks_BN)
        cache = CacheStruct(
            heads=w.heads,
            kv_heads=w.kv_heads,
            size=w.head_dim,
            turns=turns.data_ptr(),
            prompt=prompt_B.ctypes.data,
            prompt_tokens=prompt_tokens_B.ctypes.data,
            blocks=blocks_BN.ctypes.data,
            most=blocks_BN.shape[1],
            written=rows.length_B.ctypes.data,
        )
        x_Bd = w.embed[token_B]
        y_Bd, seen_BD = torch.empty_like(x_Bd), x_Bd.new_empty(n, w.heads * w.head_dim)
        for i, layer in enumerate(w.layers):
            self.normed_into(x_Bd, y_Bd)
            qkv = self.biased(layer, matrix_product(y_Bd, layer.qkv.t()))
            cache.layer = i
            in_parts(n, lambda first, last, qkv=qkv: self.attend(cache, qkv, seen_BD, keys, first, last))
            matrix_product(seen_BD, layer.out.t(), x_Bd)
            self.normed_into(x_Bd, y_Bd)
            matrix_product(self.gated(matrix_product(y_Bd, layer.gate_up.t())), layer.down.t(), x_Bd)
        rows.grow()
        self.normed_into(x_Bd, y_Bd)
        return matrix_product(y_Bd, w.head.t())

    def normed_into(self, x_Bd: Tensor, y_Bd: Tensor) -> None:
        rows, width = x_Bd.shape
        self.lib.normed(x_Bd.data_ptr(), y_Bd.data_ptr(), width, self.w.eps, 0, rows)

    def gated(self, both_BF: Tensor) -> Tensor:
        rows, width = len(both_BF), both_BF.shape[1] // 2
        out = both_BF.new_empty(rows, width)
        in_parts(rows, lambda a, b: self.lib.gated(both_BF.data_ptr(), out.data_ptr(), width, a, b))
        return out

    def attend(self, cache: CacheStruct, qkv: Tensor, seen: Tensor, keys: int, first: int, last: int) -> None:
        score = np.empty((HEADS_AT_ONCE, keys + 2 * BLOCK), dtype=np.float32)
        address, stride = ctypes.addressof(cache), score.shape[1]
        self.lib.attend(address, qkv.data_ptr(), seen.data_ptr(), score.ctypes.data, stride, first, last)


def fits_compiled(weights: Weights) -> bool:
    """Checks whether the compiled functions know this: float32 on a CPU, norms folded, a matrix in one
    piece."""
    plain = all(layer.norm is None and layer.mlp_norm is None for layer in weights.layers)
    return weights.embed.device.type == "cpu" and weights.embed.dtype == torch.float32 and plain
