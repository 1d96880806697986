"""The lean forward pass with its small operations compiled: between the matrix products of a layer one call
instead of ten operations of torch, and attention that computes no padding."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from numerate.kernels.build import Cache
from numerate.models.fast import FastForward
from numerate.models.weights import Weights

SLACK = 64
"""numbers beyond the keys and beyond the vocabulary that the functions may write into their scratch space"""
ROWS_WORTH_A_THREAD = 32


class CompiledForward(FastForward):
    """FastForward for float32 on a CPU; gives the same numbers up to rounding."""

    computes_padding = False

    def __init__(self, weights: Weights, lib: ctypes.CDLL, rows: int = 0, tokens: int = 0) -> None:
        super().__init__(weights, rows, tokens)
        self.lib = lib

    def step(self, token_B: Tensor) -> Tensor:
        w, rows, n = self.w, self.rows, len(self.rows.owner)
        rows.make_room(int(rows.length_B.max()) + 1)
        place_B = np.array([question.place for question in rows.owner], dtype=np.int64)
        prompt_B = np.array([question.length for question in rows.owner], dtype=np.int64)
        written_B = np.ascontiguousarray(rows.length_B, dtype=np.int64)
        self.know_turns(int((prompt_B + written_B).max()) + 1)
        turns = torch.view_as_real(self.turns).contiguous()
        x_Bd = w.embed[token_B]
        y_Bd, seen_BD = torch.empty_like(x_Bd), x_Bd.new_empty(n, w.heads * w.head_dim)
        for i, layer in enumerate(w.layers):
            self.normed_into(x_Bd, y_Bd)
            qkv = F.linear(y_Bd, layer.qkv, layer.qkv_bias)
            cache = self.cache(i, turns, place_B, prompt_B, written_B)
            columns = cache.prompt_columns + cache.suffix_columns + SLACK
            in_parts(
                n, lambda first, last, c=cache, q=qkv, s=columns: self.attend(c, q, seen_BD, s, first, last)
            )
            x_Bd = torch.addmm(x_Bd, seen_BD, layer.out.t())
            self.normed_into(x_Bd, y_Bd)
            x_Bd = torch.addmm(x_Bd, self.gated(F.linear(y_Bd, layer.gate_up)), layer.down.t())
        rows.grow()
        self.normed_into(x_Bd, y_Bd)
        return F.linear(y_Bd, w.head)

    def normed_into(self, x_Bd: Tensor, y_Bd: Tensor) -> None:
        rows, width = x_Bd.shape
        self.lib.normed(x_Bd.data_ptr(), y_Bd.data_ptr(), width, self.w.eps, 0, rows)

    def gated(self, both_BF: Tensor) -> Tensor:
        rows, width = len(both_BF), both_BF.shape[1] // 2
        out = both_BF.new_empty(rows, width)
        in_parts(rows, lambda a, b: self.lib.gated(both_BF.data_ptr(), out.data_ptr(), width, a, b))
        return out

    def attend(self, cache: Cache, qkv: Tensor, seen: Tensor, columns: int, first: int, last: int) -> None:
        score = np.empty(columns, dtype=np.float32)
        address = ctypes.addressof(cache)
        self.lib.attend(address, qkv.data_ptr(), seen.data_ptr(), score.ctypes.data, first, last)

    def cache(
        self, layer: int, turns: Tensor, place_B: np.ndarray, prompt_B: np.ndarray, written_B: np.ndarray
    ) -> Cache:
        w, rows = self.w, self.rows
        return Cache(
            heads=w.heads,
            kv_heads=w.kv_heads,
            size=w.head_dim,
            turns=turns.data_ptr(),
            prompt_k=rows.prompt_k[layer].data_ptr(),
            prompt_v=rows.prompt_v[layer].data_ptr(),
            prompt_columns=rows.prompt_k.shape[-1],
            suffix_k=rows.suffix_k[layer].data_ptr(),
            suffix_v=rows.suffix_v[layer].data_ptr(),
            suffix_columns=rows.suffix_k.shape[-1],
            place=place_B.ctypes.data,
            prompt=prompt_B.ctypes.data,
            written=written_B.ctypes.data,
        )


def fits(weights: Weights) -> bool:
    """Whether the compiled functions know this: float32 on a CPU, norms folded, a matrix in one piece."""
    plain = all(layer.norm is None and layer.mlp_norm is None for layer in weights.layers)
    return weights.embed.device.type == "cpu" and weights.embed.dtype == torch.float32 and plain


def in_parts(rows: int, work: Callable[[int, int], object], least: int = ROWS_WORTH_A_THREAD) -> None:
    """work(first, last) over all rows, by as many threads as torch uses where each gets `least` rows."""
    parts = min(torch.get_num_threads(), rows // least)
    if parts <= 1:
        work(0, rows)
        return
    edges = [rows * i // parts for i in range(parts + 1)]
    others = [pool(parts).submit(work, edges[i], edges[i + 1]) for i in range(1, parts)]
    work(edges[0], edges[1])
    for other in others:
        other.result()


@cache
def pool(parts: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(parts - 1, "decode")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.cache_clear)  # its threads stay with the parent
