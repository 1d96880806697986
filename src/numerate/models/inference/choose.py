"""Choice of the lean forward pass that samples from a model."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from numerate import kernels
from numerate.models.inference.base import LeanForward
from numerate.models.inference.compiled import CompiledForward, CompiledModel
from numerate.models.inference.cuda_graphs import GraphForward
from numerate.models.inference.matrices import PackedMatrix
from numerate.models.inference.torch import FastForward
from numerate.models.inference.weights import read_weights
from numerate.models.matmul import cpu_info


def fast_forward(
    model: Any, dtype: torch.dtype | None = None, more: Tensor | None = None
) -> Callable[[int, int], LeanForward] | None:
    """Copies the weights of a model, in `dtype` or their own format. Returns what makes an empty batch for so
    many rows of so many tokens, None where the model has another shape. more: rows [C, D] that are put below
    the vocabulary head; what they give stands behind the logits."""
    kept: torch.dtype = dtype or next(model.parameters()).dtype
    if (lib := compiled_for(model, kept)) is not None:
        weights = read_weights(model, torch.float32, more, lambda weight: PackedMatrix(lib, weight, kept))
        if weights is None:
            return None
        compiled = CompiledModel(replace(weights, embed=weights.embed.to(kept, copy=True)), lib)
        return lambda rows, tokens: CompiledForward(compiled)
    weights = read_weights(model, kept, more)
    if weights is None:
        return None
    if weights.embed.device.type == "cuda" and not kernels.switched_off():
        return lambda rows, tokens: GraphForward(weights, rows, tokens)
    return lambda rows, tokens: FastForward(weights, rows, tokens)


def compiled_for(model: Any, dtype: torch.dtype) -> ctypes.CDLL | None:
    """Returns the compiled functions where they compute this: float32 or bfloat16 on a CPU, without the
    matrix unit (AMX) that torch's library uses for bfloat16."""
    on_cpu = next(model.parameters()).device.type == "cpu"
    if not on_cpu or dtype not in (torch.float32, torch.bfloat16):
        return None
    return None if dtype == torch.bfloat16 and "amx_bf16" in cpu_info() else kernels.compiled_library()
