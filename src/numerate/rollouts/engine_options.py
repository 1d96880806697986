"""Interface of engine options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from numerate.types import Engine

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.tool_options import ToolOptions


class BaseEngineOptions:
    """Parent of the options of every kind of engine. The defaults suit an engine in this process that
    needs no package beyond torch; a kind overrides what differs.

    A kind is a record (`numerate.options.config`) with `kind: Literal["its name"]`, and with `make`."""

    if TYPE_CHECKING:
        kind: Any
        tools: ToolOptions | None
        """programs that run within a rollout; a kind that can do that declares the option"""
    else:
        tools = None

    needs: tuple[str, str] | None = None
    """a package beyond torch, and the extra of this package that installs it"""
    install_hint: str = ""
    loads_weights: bool = True
    """False where the weights are elsewhere, and a policy is its tokenizer and configuration only"""

    samples_ahead: bool = False
    """whether free slots can start rollouts of the next step"""

    def make(self, policy: Policy) -> Engine:
        """Returns an engine that samples from the policy."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises ValueError, before a run starts, where the engine cannot be reached."""

    def mark(self) -> list[str]:
        """Returns what distinguishes stored samples of this engine from those of another."""
        return [self.kind]

    def title(self) -> str:
        """Returns the kind, and other options that change its samples."""
        return self.kind

    def full_mark(self) -> list[str]:
        """Returns the mark of the engine and that of its tools."""
        return [*self.mark(), *([self.tools.mark()] if self.tools else [])]

    def full_title(self) -> str:
        """Returns the title of the engine and the mark of its tools."""
        return f"{self.title()} with {self.tools.mark()}" if self.tools else self.title()

    def short_title(self) -> str:
        """Returns the title of the engine, and the format of its tools, for a line to a person."""
        return f"{self.title()} with tools {self.tools.format}" if self.tools else self.title()

    def why_fixed(self) -> str | None:
        """Returns why a model that a run trains cannot be sampled from, None where it can."""
        return None

    def secret(self) -> tuple[str, str] | None:
        """Returns a variable of the environment that is sent to another machine, and its address."""
        return None

    def environment(self) -> Mapping[str, str]:
        """Returns variables that another process of this run needs, and that no file may hold."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Returns the fields of the record, as arguments of the engine's class."""
        names = (field.name for field in fields(self))  # pyright: ignore[reportArgumentType]
        return {name: getattr(self, name) for name in names if name not in ("kind", "tools")}

    def need_package(self) -> None:
        """Raises ValueError where the package is missing that the engine needs."""
        package, extra = self.needs or ("numerate", "")
        if find_spec(package) is None:
            install = f"pip install 'numerate[{extra}]'{self.install_hint}"
            raise ValueError(f"kind: {self.kind} needs {package}: {install}")
