# pyright: strict
"""One child as its supervisor sees it: pipes, process, deadlines, and the verdict on an execution."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from time import clock_gettime, monotonic
from typing import Any

from numerate.interpreter.cell import ERROR, INTERRUPTED, MEMORY, OK
from numerate.interpreter.child import DONE, FAILED, HEAD, READY
from numerate.interpreter.output import Output
from numerate.interpreter.pipe import write_pipe
from numerate.interpreter.plan import MIB, Bounds
from numerate.interpreter.seats import Seat

STATUSES = {OK: "ok", ERROR: "error", MEMORY: "memory", INTERRUPTED: "timeout"}
LINES = {
    "timeout": "TimeoutError: ran longer than {0.timeout:g} s",
    "memory": "MemoryError: used more than {0.memory} MiB",
    "output": "OutputError: printed more than {0.flood} MiB",
    "disk": "DiskError: wrote more than {0.disk} MiB or {0.files} files",
    "killed": "Killed: ended from outside, perhaps for lack of memory",
}


@dataclass(frozen=True, slots=True)
class Pipes:
    """The supervisor's ends: standard output, standard error, reports, and cells (-1: none)."""

    out: int
    error: int
    report: int
    cells: int


class Run:
    """A child with the execution that it is at: a program, or the present cell of a session."""

    def __init__(self, pid: int, pidfd: int, pipes: Pipes, seat: Seat, bounds: Bounds) -> None:
        self.pid, self.pidfd, self.pipes, self.seat, self.bounds = pid, pidfd, pipes, seat, bounds
        self.out, self.error = Output(pipes.out, bounds.output), Output(pipes.error, bounds.output)
        self.reports = bytearray()
        self.ready = self.ended = False
        self.session: int | None = None
        self.cell = 0
        self.pending = b""
        """bytes of the present cell that the pipe had no room for"""
        self.begin(None)

    def begin(self, request: int | None) -> None:
        """Starts the clock of an execution; None: nothing runs."""
        self.request, self.cause = request, ""
        self.began = monotonic()
        self.next_look = self.began + self.bounds.timeout
        self.cpu_before = self.cpu_time() if request is not None and self.session is not None else 0.0
        self.out.clear()
        self.error.clear()

    def cpu_time(self) -> float:
        """Returns the seconds of CPU of the process so far, by its own clock."""
        try:
            return clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return 0.0

    def send_cell(self, request: int, code: str) -> None:
        """Sends the next cell and lets the process run."""
        self.cell += 1
        for stream in (self.out, self.error):  # of threads of the cell before
            stream.drain(self.bounds.flood * MIB)
        self.begin(request)
        body = code.encode("utf-8", "surrogatepass")
        self.pending = HEAD.pack(self.cell, len(body)) + body
        self.write_pending()
        self.send_signal(signal.SIGCONT)

    def write_pending(self) -> None:
        """Writes as much of a long cell as the pipe takes."""
        try:
            while self.pending:
                self.pending = self.pending[write_pipe(self.pipes.cells, self.pending) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.pending = b""

    def send_signal(self, number: int) -> None:
        if not self.ended:
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """Ends the process, and others of its group where layers that forbid them are absent."""
        self.send_signal(signal.SIGKILL)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def read_reports(self) -> bool:
        """Reads what the child has reported; False at the end of the pipe."""
        try:
            while data := os.read(self.pipes.report, 4096):
                self.reports += data
                if len(self.reports) > 4096:
                    self.stop("crash")
                    return True
            return False
        except BlockingIOError:
            return True

    def take_ready(self) -> bool:
        """Checks whether the confinement was reported to hold; takes the report away."""
        if not self.ready and self.reports.startswith(READY):
            self.ready = True
            del self.reports[:1]
        return self.ready

    def take_done(self) -> str:
        """Returns how the present cell ended, "" where it has not. A report of another cell or form is a
        program's own: it ends the session."""
        if not self.take_ready() or len(self.reports) < DONE.size:
            return ""
        number, end = DONE.unpack_from(self.reports)
        del self.reports[: DONE.size]
        if number == self.cell and end in STATUSES and self.request is not None and not self.reports:
            return self.cause or STATUSES[end]
        self.stop("crash")
        return ""

    def stop(self, cause: str) -> None:
        """Ends the process at once."""
        self.cause = self.cause or cause
        self.kill_group()

    def look(self, now: float) -> None:
        """Interrupts an execution whose time is over, and kills it when that was of no use."""
        if now >= self.began + self.bounds.timeout and not self.cause:
            self.interrupt(now)
        elif self.cause and now >= self.next_look:
            self.kill_group()
            self.next_look = now + 3600

    def look_at_cpu(self, now: float) -> None:
        """Interrupts an execution that has used more CPU time than it may: its own limits it can change."""
        if self.cpu_time() - self.cpu_before > self.bounds.cpu and not self.cause:
            self.interrupt(now)

    def interrupt(self, now: float) -> None:
        self.cause = "timeout"
        self.send_signal(signal.SIGINT)
        self.next_look = now + self.bounds.grace

    def verdict(self, status: str, memory: int, cpu: float, lost: bool, exit_code: int = 0) -> dict[str, Any]:
        """Returns the result of the execution as a message."""
        out, out_cut = self.out.text()
        error, error_cut = self.error.text()
        line = LINES[status].format(self.bounds) if status in LINES else ""
        if status == "crash":
            line = crash_line(exit_code)
        elif status == "error" and not error.strip():
            line = f"SystemExit: {exit_code}" if exit_code else "the program ended its session"
        if line and line.split(":")[0] not in error.rstrip().rpartition("\n")[2]:
            error = f"{error}{line}\n"
        return {
            "id": self.request,
            "status": status,
            "stdout": out,
            "stderr": error,
            "truncated": out_cut or error_cut,
            "wall": monotonic() - self.began,
            "cpu": cpu,
            "memory": memory,
            "session_lost": lost,
        }

    def final_status(self, wait_status: int) -> str:
        """Returns how an execution ended whose process is gone."""
        if self.cause:
            return self.cause
        if not self.take_ready():
            return "setup_failed"
        if os.WIFSIGNALED(wait_status):
            number = os.WTERMSIG(wait_status)
            if number == signal.SIGXCPU:
                return "timeout"
            return "killed" if number in (signal.SIGKILL, signal.SIGTERM) else "crash"
        end = bytes(self.reports[:1])
        if self.session is None and end in (MEMORY, INTERRUPTED):
            return STATUSES[end]
        return "ok" if os.WEXITSTATUS(wait_status) == 0 and self.session is None else "error"

    def setup_reason(self) -> str:
        """Returns the reason of a confinement that failed."""
        if self.reports.startswith(FAILED):
            return self.reports[1:].decode("utf-8", "replace")
        return "the process ended before it was confined"


def crash_line(exit_code: int) -> str:
    """Returns a line on the signal that ended a process; exit codes of signals are negative."""
    if exit_code >= 0:
        return "Crash: the process reported something impossible"
    try:
        return f"Crash: ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"Crash: ended by signal {-exit_code}"
