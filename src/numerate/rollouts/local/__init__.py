"""Options of the local engine, which samples in this process (`engine.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from numerate.options import AtLeast1, Positive, config
from numerate.rollouts.engine_options import BaseEngineOptions
from numerate.rollouts.tool_options import ToolOptions

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.local.engine import LocalEngine


@config
class LocalOptions(BaseEngineOptions):
    kind: Literal["local"] = "local"
    """sampling in this process"""
    slots: AtLeast1 | None = None
    """samples decoded in parallel; null: 256, on a GPU 512"""
    memory: Positive | None = None
    """GiB of their KV cache; null: 1, on a GPU a quarter of its memory"""
    calculator: bool = False
    """insert the results of calculations, `24>>` after `<<48/2=`, in training and in evaluation"""
    tools: ToolOptions | None = None
    """programs that the policy calls within a rollout, and reads the output of; null: none"""

    samples_ahead = True

    def make(self, policy: Policy) -> LocalEngine:
        from numerate.rollouts.local.engine import LocalEngine

        return LocalEngine(policy, **self.settings())

    def mark(self) -> list[str]:
        return ["calculator"] if self.calculator else []

    def title(self) -> str:
        return "local with calculator" if self.calculator else "local"


def __getattr__(name: str) -> Any:
    """Returns the engine's class, which needs torch and is imported at its first use."""
    if name != "LocalEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from numerate.rollouts.local.engine import LocalEngine

    return LocalEngine
