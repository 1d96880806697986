"""A causal language model with modules beside it, as one network that a learner trains like a policy."""

from __future__ import annotations

from typing import Any

from torch import nn


class Beside(nn.Module):
    """Dropout is switched off in all of it: the probability ratio of a first step is 1."""

    def __init__(self, trunk: Any, **modules: nn.Module) -> None:
        """modules: by the names of their attributes."""
        super().__init__()
        self.trunk = trunk
        for name, module in modules.items():
            self.add_module(name, module)
        without_dropout(self)

    @property
    def config(self) -> Any:
        return self.get_base_model().config

    def get_base_model(self) -> Any:
        """The causal LM itself, without the wrapper that LoRA puts around it."""
        inner = getattr(self.trunk, "get_base_model", None)
        return inner() if inner else self.trunk


def without_dropout(network: nn.Module) -> None:
    """Switches it off in every module: a probability must be the same whenever it is asked for."""
    for module in network.modules():
        for key in ("p", "dropout", "attention_dropout", "activation_dropout"):
            if isinstance(vars(module).get(key), float):
                setattr(module, key, 0.0)
