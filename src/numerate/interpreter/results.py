# pyright: strict
"""Results of programs, and the two protocols that every executor follows."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

Status = Literal["ok", "error", "timeout", "memory", "output", "disk", "killed", "crash", "setup_failed"]
"""error: an exception or an exit code; killed: by the system or by itself; crash: a fatal signal, or a
supervisor or server that is gone; setup_failed: the confinement did not hold, nothing was executed"""


@dataclass(frozen=True, slots=True)
class Execution:
    """Result of a program or of a cell. Executors return it and never raise."""

    status: Status
    stdout: str = ""
    stderr: str = ""
    """a traceback has the program's own frames only"""
    truncated: bool = False
    """the output was longer than what is kept: its first and last part, with a line between them"""
    wall: float = 0.0
    """seconds"""
    cpu: float = 0.0
    """seconds"""
    memory: int = 0
    """bytes: at the peak for a program, at the end of a cell"""
    session_lost: bool = False
    """the variables of the session are gone; its next cell starts clean"""

    @property
    def error_line(self) -> str:
        """Returns the last line of the error, such as "ZeroDivisionError: division by zero"; "" where the
        status is ok."""
        if self.status == "ok":
            return ""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip(" \t+-|")]
        return lines[-1].removeprefix("| ") if lines else self.status  # frames around groups of exceptions


class Session(Protocol):
    """State that lasts from cell to cell. The value of a cell's last expression is printed, as a notebook
    does; a semicolon behind it prevents that."""

    def submit(self, cell: str, /) -> Future[Execution]:
        """Executes a cell after those before it."""
        ...

    def close(self) -> None:
        """Forgets the state; cells that have not ended are `killed`."""
        ...


class Executor(Protocol):
    """Executes programs, none of which sees another."""

    def submit(self, code: str, /) -> Future[Execution]:
        """Executes a whole program."""
        ...

    def session(self) -> Session:
        """Returns a new session; it costs nothing before its first cell."""
        ...

    def close(self) -> None:
        """Ends everything that runs."""
        ...
