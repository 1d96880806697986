"""A lean forward pass; for now every model runs through its own."""

from __future__ import annotations

from typing import Any


def fast_forward(model: Any) -> None:
    """The lean backend for a model, None where it has none."""
    return None
