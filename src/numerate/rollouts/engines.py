"""Table of the engines, and the engine of a recipe."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

from numerate.types import Engine

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.engine_options import BaseEngineOptions

ENGINES = {
    "local": "numerate.rollouts.local.LocalOptions",
    "server": "numerate.rollouts.server.ServerOptions",
    "vllm": "numerate.rollouts.vllm.VllmOptions",
}
"""kind -> its options, a `BaseEngineOptions`, in a package that imports nothing heavy"""


def options_class(kind: str) -> type[BaseEngineOptions]:
    module, _, name = ENGINES[kind].rpartition(".")
    return getattr(import_module(module), name)


def make_engine(options: BaseEngineOptions, policy: Policy) -> Engine:
    """Makes an engine that samples from the policy, line by line where the policy reads a tag before every
    line. Raises ValueError where a package that it needs is missing."""
    from numerate.rollouts.conditioned import Conditioned

    options.need_package()
    made = options.make(policy)
    if policy.conditioning and getattr(options, "calculator", False):
        raise ValueError(
            f"{policy.name!r} is a return-conditioned policy, sampled line by line without a "
            "calculator: set engine.calculator to false"
        )
    return Conditioned(made, policy) if policy.conditioning else made


def check_engine(options: BaseEngineOptions) -> None:
    """Checks before a run starts that packages are installed and a server responds. Raises ValueError."""
    options.need_package()
    options.check()


def load_policy(
    options: BaseEngineOptions,
    path: str,
    device: str = "auto",
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
) -> Policy:
    """Loads a policy for such an engine: without its weights where the engine has its own."""
    from numerate.models import policy, remote_policy

    if not options.loads_weights:
        return remote_policy.load_outline(path)
    return policy.load(path, device=device, dtype=dtype)
