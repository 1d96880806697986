# pyright: strict
"""Work of the local interpreter: programs, and the cells of sessions in their order."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from numerate.interpreter.cache import EMPTY, next_state
from numerate.interpreter.results import Execution
from numerate.interpreter.wire import Inbox

LOST = "SessionLost: the process of this session is gone, and the variables of earlier cells with it\n"
DIFFERS = "SessionLost: cells whose results came from the cache printed something else when run again\n"


@dataclass(slots=True)
class Work:
    """A program, or a cell of a session."""

    code: str
    future: Future[Execution]
    session: LocalSession | None = None
    key: bytes | None = None
    """of the cache; None: the result depends on more than the code"""
    tries: int = 0
    expected: Execution | None = None
    """the cached result of a cell that runs again to restore the state"""
    claimed: bool = False

    def claim(self) -> bool:
        """Checks whether the result is still wanted; from then on it cannot be cancelled."""
        self.claimed = self.claimed or self.future.set_running_or_notify_cancel()
        return self.claimed


class Link:
    """Connection to a supervisor, and the work that it has."""

    def __init__(self, number: int, libraries: bool, connection: socket.socket) -> None:
        self.number, self.libraries, self.socket = number, libraries, connection
        self.inbox, self.outgoing = Inbox(), bytearray()
        self.jobs: dict[int, Work] = {}
        self.sessions = 0
        self.dead = False

    @property
    def load(self) -> tuple[int, int]:
        return len(self.jobs), self.sessions


@dataclass(eq=False, slots=True)
class LocalSession:
    """Session of the local interpreter. Only its supervising thread touches the fields."""

    number: int
    post: Callable[[Work | LocalSession], None]
    queue: deque[Work] = field(default_factory=deque[Work])
    busy: bool = False
    closed: bool = False
    link: Link | None = None
    state: bytes | None = EMPTY
    """of the cells so far; None: it depends on time, and nothing is taken from the cache"""
    skipped: list[Work] = field(default_factory=list[Work])
    """cells that the process has not executed, for their results came from the cache"""

    def submit(self, cell: str) -> Future[Execution]:
        """Executes a cell after those before it."""
        future: Future[Execution] = Future()
        self.post(Work(cell, future, self))
        return future

    def close(self) -> None:
        """Ends the process of the session."""
        self.post(self)

    def key_of(self, cell: str) -> bytes | None:
        return None if self.state is None else next_state(self.state, cell)

    def skip(self, job: Work, cached: Execution) -> None:
        """Notes a cell whose result came from the cache."""
        self.skipped.append(Work(job.code, job.future, self, job.key, expected=cached, claimed=True))
        self.state = job.key

    def advance(self, key: bytes | None, result: Execution) -> None:
        """Notes a cell that has ended."""
        if result.session_lost:
            self.reset()
        else:
            self.state = key if result.status in ("ok", "error") else None

    def pin(self, link: Link) -> None:
        """Notes the supervisor that has the process."""
        if self.link is None:
            self.link = link
            link.sessions += 1

    def unpin(self) -> None:
        if self.link is not None:
            self.link.sessions -= 1
            self.link = None

    def reset(self) -> None:
        """Returns to the state before the first cell."""
        self.unpin()
        self.state = EMPTY
        self.skipped.clear()


def resolve(job: Work, result: Execution) -> None:
    """Sets the result of a job; that of a cell which runs again, or was cancelled, stays as it is."""
    if job.expected is None:
        with suppress(InvalidStateError):
            job.future.set_result(result)


def same(left: Execution, right: Execution) -> bool:
    """Checks whether two executions of a cell did the same, as far as can be seen."""
    return (left.status, left.stdout, left.stderr) == (right.status, right.stdout, right.stderr)
