"""Stub."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

from numerate.options import config

Status = Literal["ok", "error", "timeout", "memory", "output", "disk", "killed", "crash", "setup_failed"]


@dataclass(frozen=True, slots=True)
class Execution:
    status: Status
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    session_lost: bool = False

    @property
    def error_line(self) -> str:
        return self.stderr.strip().rpartition("\n")[2] if self.status != "ok" else ""


class Session(Protocol):
    def submit(self, cell: str) -> Future[Execution]: ...
    def close(self) -> None: ...


class Executor(Protocol):
    def submit(self, code: str) -> Future[Execution]: ...
    def session(self) -> Session: ...
    def close(self) -> None: ...


@config
class InterpreterOptions:
    kind: Literal["local"] = "local"

    def make(self) -> Executor:
        raise NotImplementedError
