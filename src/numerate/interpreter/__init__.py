"""Interpreter for programs that a model wrote: confined processes of this machine, or a server.

    with Interpreter() as python:
        result = python.submit("print(7 ** 20)").result()

Programs of unknown origin run only where files, network and other processes are out of their reach;
`isolation()` says which layers hold. docs/security.md has the threat model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate.interpreter.layers import Isolation, IsolationLayer
    from numerate.interpreter.local import Interpreter, isolation
    from numerate.interpreter.options import InterpreterOptions, Limits
    from numerate.interpreter.remote import SandboxFusion
    from numerate.interpreter.results import Execution, Executor, Session, Status
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        layers="Isolation IsolationLayer",
        local="Interpreter isolation",
        options="InterpreterOptions Limits",
        remote="SandboxFusion",
        results="Execution Executor Session Status",
    )

__all__ = [
    "Execution",
    "Executor",
    "Interpreter",
    "InterpreterOptions",
    "Isolation",
    "IsolationLayer",
    "Limits",
    "SandboxFusion",
    "Session",
    "Status",
    "isolation",
]
