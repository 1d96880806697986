"""A lean forward pass for Llama-shaped models, behind the engine's Backend interface.

Keys and values live in two places: those of a prompt once, those of what was written once per
row. A row attends to both with one softmax; all rows of a prompt meet its keys in one matrix
product. On small models most of the time of a library's forward pass goes into copies, masks and dispatch:
here a layer is some thirty tensor operations and nothing is copied but the new keys and values."""

from __future__ import annotations

from torch import Tensor

from numerate.models.inference.base import LayerwiseForward
from numerate.models.inference.kv_cache import Plan, Rows, Sizes
from numerate.models.inference.weights import Weights

FIRST_COLUMNS = 128
"""tokens per row for which room is taken at once: few answers are longer, and room grows"""


class FastForward(LayerwiseForward):
    """The step in torch's own operations, on any device."""

    def __init__(self, weights: Weights, rows: int = 0, tokens: int = 0) -> None:
        """Allocates `rows` of `tokens`, where that is not much; more is allocated when it is needed."""
        shape = (len(weights.layers), weights.kv_heads, weights.head_dim)
        self.rows = Rows(*shape, weights.embed, rows, min(tokens, FIRST_COLUMNS))
        super().__init__(weights, self.rows)

    def step(self, token_B: Tensor) -> Tensor:
        sizes = self.rows.sizes()
        plan = self.prepare(sizes)
        x_Bd = self.run(token_B, plan, sizes)
        self.rows.grow()
        return self.logits(x_Bd)

    def prepare(self, sizes: Sizes) -> Plan:
        """Returns everything of a step that is decided outside the tensors."""
        self.rows.make_room(sizes.rows, sizes.length)
        self.extend_rotations(sizes.columns + sizes.length)
        return self.rows.plan(sizes)

    def run(self, token_B: Tensor, plan: Plan, sizes: Sizes) -> Tensor:
        """Runs the layers, [B, d]. The operations are the same for all plans of a size."""
        w = self.w
        x_Bd = self.embedded(token_B)
        rotation, mask = self.rotations(plan.prompt_B + plan.column_B), plan.mask(sizes, x_Bd.dtype)
        for i, layer in enumerate(w.layers):
            q, k, v = self.project(layer, x_Bd, rotation)
            x_Bd = self.finish(layer, x_Bd, self.rows.attend(i, q, k, v, plan, mask, sizes))
        return x_Bd
