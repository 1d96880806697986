"""Low-rank adapters: their options in a recipe, and the function that adds them. Nothing heavy is imported
before they are added, so that a recipe is checked quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from numerate.options import config

if TYPE_CHECKING:
    import torch
    from torch import nn


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


def add_lora(model: nn.Module, options: Lora, compute: torch.dtype, task: str | None = "CAUSAL_LM") -> Any:
    """Freezes the model and puts trainable adapters on it, the same ones every time. The matrices under them
    are kept in the format of the products; adapters, embeddings and norms in float32, so that the stream
    between the layers is not rounded. task: peft's name of what the model is for, None for a network without
    a vocabulary head."""
    import peft
    import torch

    targets = options.targets if isinstance(options.targets, str) else list(options.targets)
    settings = peft.LoraConfig(
        r=options.r,
        lora_alpha=options.alpha,  # pyright: ignore[reportArgumentType]  (a float works; peft only divides by r)
        lora_dropout=options.dropout,
        target_modules=targets,
        task_type=task,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        adapted = peft.get_peft_model(model.float(), settings)  # pyright: ignore[reportArgumentType]
    for module in adapted.modules():
        if (frozen := getattr(module, "base_layer", None)) is not None:
            frozen.to(compute)
    return adapted
