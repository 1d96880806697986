"""Table of the engines, and the engine of a recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from numerate.types import Engine, Prompt, Rollout, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.engine_options import BaseEngineOptions
    from numerate.rollouts.guided import Guided, Value
    from numerate.rollouts.guided_options import GuidedOptions
    from numerate.rollouts.sample_request import StreamEngine
    from numerate.rollouts.tool_options import ToolOptions

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
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
    for option in ("calculator", "tools"):
        if policy.conditioning and getattr(options, option, False):
            raise ValueError(
                f"{policy.name!r} is a return-conditioned policy, sampled line by line without "
                f"tools: leave out engine.{option}"
            )
    if policy.conditioning:
        return Conditioned(made, policy)
    return with_tools(made, policy, options.tools) if options.tools else made


def with_tools(engine: Engine, policy: Policy, options: ToolOptions) -> Engine:
    """Returns an engine whose rollouts call programs."""
    from numerate.rollouts.episodes import Episodes

    if not hasattr(engine, "stream"):
        raise ValueError("this engine does not run programs within a rollout: leave out engine.tools")
    return Episodes(cast("StreamEngine", engine), policy, options)


def make_guided(engine: Engine, options: GuidedOptions, value: Value) -> Guided:
    """Returns a value-guided sampler over an engine of `make_engine`. Raises ValueError where its policy is
    sampled line by line already."""
    from numerate.rollouts.episodes import Episodes
    from numerate.rollouts.guided import Guided

    tools = engine if isinstance(engine, Episodes) else None
    source: Any = tools.engine if tools else engine
    if not hasattr(source, "stream"):
        raise ValueError("a return-conditioned policy has tags before its lines: leave out evaluate.guided")
    return Guided(source, source.policy, options, value, tools)


def check_engine(options: BaseEngineOptions) -> None:
    """Checks before a run starts that packages are installed, a server responds and programs can run. Raises
    ValueError."""
    options.need_package()
    options.check()
    if options.tools:
        options.tools.check()


class LateEngine:
    """Implements `types.Engine`: the policy is loaded with the first request, and never where none comes."""

    def __init__(self, options: BaseEngineOptions, path: str, device: str, dtype: Dtype, name: str) -> None:
        """Notes what to load. name: of the policy in its rollouts."""
        self.options, self.path, self.device, self.name = options, path, device, name
        self.dtype: Dtype = dtype
        self._engine: Engine | None = None

    def guided(self, options: GuidedOptions, value: Value) -> Guided:
        """Returns a value-guided sampler over the engine."""
        return make_guided(self._load(), options, value)

    @property
    def policy(self) -> Any:
        """Returns the policy of the engine itself, None where that engine has none."""
        return getattr(self._load(), "policy", None)

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        return self._load().sample(prompts, n, params)

    def sync(self, policy: Any) -> None:
        self._load().sync(policy)

    def _load(self) -> Engine:
        if self._engine is None:
            policy = load_policy(self.options, self.path, self.device, self.dtype)
            policy.name = self.name
            self._engine = make_engine(self.options, policy)
        return self._engine


def load_policy(
    options: BaseEngineOptions,
    path: str,
    device: str = "auto",
    dtype: Dtype = "auto",
) -> Policy:
    """Loads a policy for such an engine: without its weights where the engine has its own."""
    from numerate.models import policy, remote_policy

    if not options.loads_weights:
        return remote_policy.load_outline(path)
    return policy.load(path, device=device, dtype=dtype)
