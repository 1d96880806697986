"""Options of low-rank adapters in a recipe; imports nothing heavy, so that a recipe is checked quickly."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from numerate.options import config


@config
class Lora:
    """Low-rank adapters: W x becomes W x + (alpha / r) B A x with W frozen (arXiv 2106.09685)."""

    r: Annotated[int, Field(ge=1)] = 16
    """rank of the update; 128 in arXiv 2403.04642"""
    alpha: Annotated[float, Field(gt=0)] = 32.0
    """the update is scaled by alpha / r"""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """probability of dropping an input of the adapter, in a learner whose `dropout` is on"""
    targets: str | tuple[str, ...] = "all-linear"
    """names of the layers that get an adapter; all-linear: every linear layer but the output layer"""
