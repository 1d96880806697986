"""A causal language model with modules beside it, as one network that a learner trains like a policy."""

from __future__ import annotations

from typing import Any

from torch import nn


class WithHeads(nn.Module):
    def __init__(self, trunk: Any, **modules: nn.Module) -> None:
        """Creates a model with further modules. modules: by the names of their attributes."""
        super().__init__()
        self.trunk = trunk
        for name, module in modules.items():
            self.add_module(name, module)

    @property
    def config(self) -> Any:
        return self.get_base_model().config

    def get_base_model(self) -> Any:
        """Returns the causal LM itself, without the wrapper that LoRA puts around it."""
        inner = getattr(self.trunk, "get_base_model", None)
        return inner() if inner else self.trunk
