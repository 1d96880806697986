"""Networks: finding, loading and running causal language models. Torch is imported when first needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numerate.models.lora import Lora as Lora
    from numerate.models.policy import Policy as Policy
    from numerate.models.policy import load as load

HOMES = {"Lora": "lora", "Policy": "policy", "load": "policy"}
__all__ = ["Lora", "Policy", "load"]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
