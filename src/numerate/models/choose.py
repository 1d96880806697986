"""Which lean forward pass samples from a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from numerate import kernels
from numerate.models.compiled import CompiledForward, fits
from numerate.models.fast import FastForward
from numerate.models.forward import LeanForward
from numerate.models.graphs import GraphForward
from numerate.models.weights import read


def fast_forward(
    model: Any, dtype: torch.dtype | None = None, more: Tensor | None = None
) -> Callable[[int, int], LeanForward] | None:
    """Copies the weights of a model, in `dtype` or their own format. Returns what makes an empty batch for so
    many rows of so many tokens, None where the model has another shape. more: rows [C, D] that are put below
    the vocabulary head; what they give stands behind the logits."""
    weights = read(model, dtype, more)
    if weights is None:
        return None
    if fits(weights) and (lib := kernels.library()) is not None:
        return lambda rows, tokens: CompiledForward(weights, lib)
    if weights.embed.device.type == "cuda" and not kernels.switched_off():
        return lambda rows, tokens: GraphForward(weights, rows, tokens)
    return lambda rows, tokens: FastForward(weights, rows, tokens)
