"""Options of tools: programs that run within a rollout (`episodes.py`)."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Literal

from numerate.interpreter import Executor, Interpreter, InterpreterOptions
from numerate.options import AtLeast1, config
from numerate.tool_formats import ToolFormat, get_format


@cache
def shared_executor(options: InterpreterOptions) -> Executor:
    return options.make()


@config
class ToolOptions:
    """The key `tools` of an engine."""

    format: Literal["mario", "tora", "chat"] = "tora"
    """how the policy writes a call and reads its output: mario (`<code>`, `<output>`), tora (fences of python
    and output), chat (`<tool_call>`, and the tool role of the model's template)"""
    turns: AtLeast1 = 8
    """calls of a rollout at most; a rollout that wants more ends with finish max_turns"""
    output: AtLeast1 = 1000
    """characters of an output that the policy reads: the first and the last part of a longer one"""
    keep_state: bool = True
    """whether variables stay from call to call of a rollout"""
    interpreter: InterpreterOptions = InterpreterOptions()
    """where programs run, and their limits"""

    def executor(self) -> Executor:
        """Returns what runs the programs, one for all engines of this process with the same options. Raises
        ValueError where programs cannot run here as the options say."""
        return shared_executor(self.interpreter)

    def about(self) -> str:
        """Returns a line for a person: where programs run, and what confines them. Raises as `executor`."""
        executor = self.executor()
        if isinstance(executor, Interpreter):
            return executor.isolation.line()
        return f"programs run on the server at {self.interpreter.url}, whose isolation is its own"

    def check(self) -> None:
        """Runs a first program. Raises ValueError, before a run starts, where programs cannot run."""
        result = self.executor().submit("print(6 * 7)").result()
        if result.status == "ok":
            return
        if url := self.interpreter.url:
            raise ValueError(
                f"no program runs on the server at {url} ({result.error_line}): start it, or correct "
                "engine.tools.interpreter.url"
            )
        raise ValueError(f"no program runs on this machine: {result.error_line}")

    def mark(self) -> str:
        """Returns what decides the rollouts."""
        options = asdict(self)
        options["interpreter"] = {"kind": self.interpreter.kind, "limits": options["interpreter"]["limits"]}
        return f"tools {json.dumps(options, sort_keys=True)}"

    @property
    def tool_format(self) -> ToolFormat:
        return get_format(self.format)
