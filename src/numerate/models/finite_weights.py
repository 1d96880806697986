"""Checks that the weights of a model are finite: one NaN makes every sample of the model worthless."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from numerate.types import NotFinite


def check_weights(named: Iterable[tuple[str, Tensor]], model: str) -> None:
    """Raises NotFinite with the first weight that holds NaN or an infinite number. model: its name in
    the message."""
    for name, weight in named:
        if weight.is_floating_point() and not bool(torch.isfinite(weight.detach()).all()):
            raise NotFinite(
                f"{model} has weights that are not finite: {name} has NaN or infinite values; "
                "download the model again, or train it again with a lower learning rate"
            )
