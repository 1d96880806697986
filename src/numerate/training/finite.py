"""Checks that an optimizer step is finite before it is applied: a step later NaN is in every weight."""

from __future__ import annotations

from math import isfinite, isnan

import torch

from numerate.types import NotFinite

SMALLEST_SCALE = 1.0
"""of float16's losses: where a gradient overflows at this scale it is the gradient, not the scaling"""


def check_step(loss: float, norm: float, lr: float, scale: float | None, compute: torch.dtype) -> bool:
    """Returns whether a step is applied, from the loss and the gradient's norm of all processes: False where
    float16's scale has to fall first. Raises NotFinite where either is not finite.

    scale: of the loss in float16, None in other formats."""
    if isfinite(loss) and isfinite(norm):
        return True
    if scale is not None and scale > SMALLEST_SCALE and not isnan(loss):  # the scaled loss may overflow too
        return False
    quantity, value = ("gradient norm", norm) if isfinite(loss) else ("loss", loss)
    wider = "" if compute == torch.float32 else f", set dtype: float32 in place of {str(compute)[6:]}"
    raise NotFinite(
        f"the {quantity} is {value:g}: this step was not applied. Lower the learning rate (now "
        f"{lr:g}){wider}, or check the model, the rewards and the data for wrong numbers"
    )
