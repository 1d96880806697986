"""A lean forward pass for Llama-shaped models, behind the engine's Backend interface.

Keys and values live in two places: those of a prompt once per question, those of what was written once per
row. A row attends to both with one softmax; all rows of a question meet the prompt's keys in one matrix
product. On small models most of the time of a library's forward pass goes into copies, masks and dispatch:
here a layer is some thirty tensor operations and nothing is copied but the new keys and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from numerate import kernels
from numerate.models.compiled import CompiledForward, fits
from numerate.models.fast_cache import Rows
from numerate.models.forward import LeanForward
from numerate.models.weights import Weights, read

FIRST_COLUMNS = 128
"""tokens per row for which room is taken at once: few answers are longer, and room grows"""


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
    return lambda rows, tokens: FastForward(weights, rows, tokens)


class FastForward(LeanForward):
    """The step in torch's own operations, on any device."""

    def __init__(self, weights: Weights, rows: int = 0, tokens: int = 0) -> None:
        """Takes room for `rows` of `tokens`, where that is not much; more is taken when it is needed."""
        shape = (len(weights.layers), weights.kv_heads, weights.head_dim)
        self.rows = Rows(*shape, weights.embed, rows, min(tokens, FIRST_COLUMNS))
        super().__init__(weights, self.rows)

    def step(self, token_B: Tensor) -> Tensor:
        w = self.w
        plan = self.rows.plan()
        x_Bd = w.embed[token_B]
        turn = self.turn(plan.position_B)
        for i, layer in enumerate(w.layers):
            q, k, v = self.project(layer, x_Bd, turn)
            x_Bd = self.finish(layer, x_Bd, self.rows.attend(i, q, k, v, plan))
        self.rows.grow()
        return self.logits(x_Bd)
