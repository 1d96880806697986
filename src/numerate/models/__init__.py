"""Networks: finding, loading and running causal language models. Torch is imported when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate.models.lora import Lora
    from numerate.models.policy import Policy, load
else:
    __getattr__, __dir__ = lazy.exports(__name__, lora="Lora", policy="Policy load")

__all__ = ["Lora", "Policy", "load"]
