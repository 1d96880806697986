# pyright: strict
"""Supervisor of programs: forks a confined child for each and watches it; one process per core.

It is forked from the zygote, so that its children have every library loaded, and never executes a program
itself. A single loop waits for the caller, for output, for ends of processes and for deadlines."""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
from collections.abc import Callable, Sequence
from time import monotonic
from types import FrameType
from typing import Any

from numerate.interpreter.child import live
from numerate.interpreter.confine import Confinement
from numerate.interpreter.libc import fork_plainly
from numerate.interpreter.plan import MIB, Bounds, LayerPlan
from numerate.interpreter.runs import Pipes, Run
from numerate.interpreter.scratch import unlinked_usage, usage
from numerate.interpreter.seats import Seat, Seats, SeatShare
from numerate.interpreter.seccomp import prepare_filter
from numerate.interpreter.wire import Inbox, Message, packed

DISK_LOOKS = 0.1
"""seconds between two looks at the scratch folder of what runs"""
BUFFER = 1 << 18
Handler = Callable[[], None]


class Born(BaseException):
    """Raised in a new child, with what `live` needs: no frame of the supervisor, which holds programs and
    outputs of others, is left below the program."""


class Slot:
    """Supervisor of one core. `serve` returns when the caller has closed the socket."""

    def __init__(self, caller: socket.socket, plan: LayerPlan, bounds: Bounds, seats: Seats) -> None:
        self.caller, self.plan, self.bounds, self.seats = caller, plan, bounds, seats
        self.inbox, self.selector = Inbox(), selectors.DefaultSelector()
        self.running: dict[int, Run] = {}
        """pid -> child that executes something"""
        self.sessions: dict[int, Run] = {}
        self.alive: dict[int, Run] = {}
        """pid -> every child that has not been waited for"""
        self.serving, self.next_disk = True, 0.0
        self.address_space = address_space()
        self.ends = Ends()
        if self.ends.pipe >= 0:
            self.selector.register(self.ends.pipe, selectors.EVENT_READ, self.sweep)
        self.selector.register(caller, selectors.EVENT_READ, self.read_caller)

    def serve(self) -> None:
        while self.serving:
            for key, _ in self.selector.select(self.patience()):
                key.data()
            if self.running:
                self.look()
        for run in list(self.alive.values()):
            run.request = None
            run.kill_group()
            self.finish(run)
        self.seats.remove()

    def patience(self) -> float | None:
        """Returns the seconds until the next deadline; None: there is none."""
        if not self.running:
            return None
        now = monotonic()
        if self.next_disk < now:
            self.next_disk = now + DISK_LOOKS
        return max(0.0, min(self.next_disk, min(run.next_look for run in self.running.values())) - now)

    def look(self) -> None:
        """Looks at clocks and, now and then, at CPU time and scratch folders."""
        now = monotonic()
        disk = now >= self.next_disk
        for run in list(self.running.values()):
            run.look(now)
            if disk and not run.cause:
                run.look_at_cpu(now)
                if self.writes_too_much(run):
                    run.stop("disk")

    def writes_too_much(self, run: Run) -> bool:
        files, size = usage(run.seat.folder, self.bounds.files)
        unlinked_files, unlinked_size = unlinked_usage(run.pid)
        size += unlinked_size
        return files + unlinked_files > self.bounds.files or size > self.bounds.disk * MIB

    def read_caller(self) -> None:
        try:
            data = self.caller.recv(BUFFER)
        except ConnectionError:
            data = b""
        if not data:
            self.serving = False
        for message in self.inbox.add(data):
            self.handle(message)

    def handle(self, message: Message) -> None:
        session = message.get("session")
        if session is None:
            self.start(message["id"], message["code"], None)
        elif "code" not in message:
            run = self.sessions.pop(session, None)
            if run is not None:
                run.request = None
                run.kill_group()
        else:
            run = self.sessions.get(session)
            if run is None:
                run = self.start(None, "", session)
            if run is None:
                self.send(failed(message["id"], "no process could be started: see limits of descriptors"))
                return
            run.send_cell(message["id"], message["code"])
            self.running[run.pid] = run
            if run.pending:
                self.selector.register(run.pipes.cells, selectors.EVENT_WRITE, lambda: self.write_more(run))

    def start(self, request: int | None, code: str, session: int | None) -> Run | None:
        """Forks a child for a program, or for the cells of a session."""
        try:
            run = self.fork(code, session)
        except OSError as error:
            if request is not None:
                self.send(failed(request, str(error)))
            return None
        run.session = session
        self.alive[run.pid] = run
        self.selector.register(run.pipes.out, selectors.EVENT_READ, lambda: self.read_output(run, run.out))
        self.selector.register(
            run.pipes.error, selectors.EVENT_READ, lambda: self.read_output(run, run.error)
        )
        if run.pidfd >= 0:
            self.selector.register(run.pidfd, selectors.EVENT_READ, lambda: self.finish(run))
        if session is None:
            run.begin(request)
            self.running[run.pid] = run
        else:
            self.sessions[session] = run
            self.selector.register(run.pipes.report, selectors.EVENT_READ, lambda: self.read_report(run))
        return run

    def fork(self, code: str, session: int | None) -> Run:
        """Returns a new child. Raises OSError, with nothing left behind, where the system has no room."""
        seat, handles = self.seats.take(), list[int]()
        try:
            for _ in range(3 if session is None else 4):
                handles += os.pipe()
            pid = self.fork_child(seat, handles, code)
            pidfd = self.ends.handle(pid)
        except OSError:
            for handle in handles:
                os.close(handle)
            self.seats.put_back(seat)
            raise
        ours = [*handles[0:6:2], *handles[7:8]]
        for handle in handles:
            if handle in ours:
                os.set_blocking(handle, False)
            else:
                os.close(handle)
        pipes = Pipes(ours[0], ours[1], ours[2], ours[3] if session is not None else -1)
        return Run(pid, pidfd, pipes, seat, self.bounds)

    def fork_child(self, seat: Seat, handles: list[int], code: str) -> int:
        """Returns the process number of a child; raises Born in the child. handles: read and write ends of
        the pipes for output, errors, reports and, in a session, cells."""
        persistent = len(handles) > 6
        own = Confinement(
            *(self.plan, self.bounds, seat.folder, seat.user, seat.ruleset, os.getpid(), self.address_space),
            persistent=persistent,
        )
        pid = fork_plainly()
        if pid == 0:
            raise Born(own, (handles[1], handles[3], handles[5], handles[6] if persistent else -1), code)
        return pid

    def read_output(self, run: Run, stream: Any) -> None:
        if not stream.read():
            self.forget(stream.pipe)
        elif run.out.total + run.error.total > self.bounds.flood * MIB:
            run.stop("output")

    def write_more(self, run: Run) -> None:
        """Writes the rest of a long cell as the child reads it."""
        run.write_pending()
        if not run.pending:
            self.forget(run.pipes.cells)

    def read_report(self, run: Run) -> None:
        """Answers the caller when a cell has ended; the process is stopped until the next one."""
        if not run.read_reports():
            self.forget(run.pipes.report)
        status = run.take_done()
        if not status:
            return
        run.send_signal(signal.SIGSTOP)
        run.out.drain(self.bounds.flood * MIB)
        run.error.drain(self.bounds.flood * MIB)
        cpu = run.cpu_time() - run.cpu_before
        self.send(run.verdict(status, resident(run.pid), cpu, lost=False))
        self.running.pop(run.pid, None)
        run.begin(None)

    def sweep(self) -> None:
        """Looks which children have ended, where they have no descriptors that say so."""
        self.ends.clear()
        for run in list(self.alive.values()):
            if has_ended(run.pid):
                self.finish(run)

    def finish(self, run: Run) -> None:
        """Answers the caller when a process has ended, and takes away all that is left of it."""
        if run.ended:
            return
        run.kill_group()
        _, status, used = os.wait4(run.pid, 0)
        run.ended = True
        run.read_reports()
        run.out.drain(self.bounds.flood * MIB)
        run.error.drain(self.bounds.flood * MIB)
        self.running.pop(run.pid, None)
        self.alive.pop(run.pid, None)
        if run.session is not None and self.sessions.get(run.session) is run:
            del self.sessions[run.session]
        if run.request is not None:
            self.send(self.last_verdict(run, status, used))
        for handle in (run.pipes.out, run.pipes.error, run.pipes.report, run.pidfd):
            if handle >= 0:
                self.forget(handle)
                os.close(handle)
        if run.pipes.cells >= 0:
            self.forget(run.pipes.cells)
            os.close(run.pipes.cells)
        self.seats.put_back(run.seat)

    def last_verdict(self, run: Run, status: int, used: Any) -> Message:
        end = run.final_status(status)
        if end == "setup_failed":
            return failed(run.request, run.setup_reason())
        cpu = used.ru_utime + used.ru_stime - run.cpu_before
        code = os.waitstatus_to_exitcode(status)
        return run.verdict(end, used.ru_maxrss * 1024, cpu, run.session is not None, code)

    def forget(self, handle: int) -> None:
        try:
            self.selector.unregister(handle)
        except KeyError:
            return

    def send(self, message: Message) -> None:
        try:
            self.caller.sendall(packed(message))
        except OSError:
            self.serving = False


class Ends:
    """Notices of the ends of children: a descriptor for each, or signals where the system has none."""

    def __init__(self) -> None:
        self.pipe = -1
        try:
            os.close(os.pidfd_open(os.getpid()))
        except (AttributeError, OSError):
            self.pipe, write = os.pipe()
            os.set_blocking(self.pipe, False)
            os.set_blocking(write, False)
            signal.signal(signal.SIGCHLD, ignore)
            signal.set_wakeup_fd(write, warn_on_full_buffer=False)

    def handle(self, pid: int) -> int:
        """Returns a descriptor that becomes readable when the child ends; -1: there is none. Where no
        descriptor is left, it ends the child and raises OSError."""
        if self.pipe >= 0:
            return -1
        try:
            return os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise

    def clear(self) -> None:
        try:
            while os.read(self.pipe, 4096):
                pass
        except BlockingIOError:
            return


def ignore(number: int, frame: FrameType | None) -> None:
    """Handles a signal whose wake-up is all that matters."""


def has_ended(pid: int) -> bool:
    """Checks whether a child has ended; it stays to be waited for."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


def failed(request: int | None, reason: str) -> Message:
    return {"id": request, "status": "setup_failed", "stderr": f"SetupError: {reason}\n"}


def resident(pid: int) -> int:
    """Returns the bytes of memory that a process has at this moment."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def address_space() -> int:
    """Returns the bytes that this process maps, its children's part of the limit."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


def serve_slot(caller: socket.socket, plan: LayerPlan, bounds: Bounds, base: str, share: SeatShare,
               readable: Sequence[str]) -> None:  # fmt: skip
    """Runs a supervisor in this process, until the caller closes the socket."""
    gc.disable()  # the children enable it
    prepare_filter()
    seats = Seats(plan, base, share, readable)
    try:
        return Slot(caller, plan, bounds, seats).serve()
    except Born as birth:
        needs = birth.args
    del caller, seats
    live(*needs)
