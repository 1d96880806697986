"""Choice of the lean forward pass that samples from a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from numerate import kernels
from numerate.models.inference.base import LeanForward
from numerate.models.inference.compiled import CompiledForward, fits_compiled
from numerate.models.inference.cuda_graphs import GraphForward
from numerate.models.inference.torch import FastForward
from numerate.models.inference.weights import read_weights


def fast_forward(
    model: Any, dtype: torch.dtype | None = None, more: Tensor | None = None
) -> Callable[[int, int], LeanForward] | None:
    """Copies the weights of a model, in `dtype` or their own format. Returns what makes an empty batch for so
    many rows of so many tokens, None where the model has another shape. more: rows [C, D] that are put below
    the vocabulary head; what they give stands behind the logits."""
    weights = read_weights(model, dtype, more)
    if weights is None:
        return None
    if fits_compiled(weights) and (lib := kernels.compiled_library()) is not None:
        return lambda rows, tokens: CompiledForward(weights, lib)
    if weights.embed.device.type == "cuda" and not kernels.switched_off():
        return lambda rows, tokens: GraphForward(weights, rows, tokens)
    return lambda rows, tokens: FastForward(weights, rows, tokens)
