# pyright: strict
"""Connections of the supervising thread: the zygote, one link per supervisor, and their replacement."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable, Sequence
from functools import partial

from numerate.interpreter.jobs import Link, Work
from numerate.interpreter.launch import Zygote
from numerate.interpreter.options import InterpreterOptions
from numerate.interpreter.wire import Message, packed

BUFFER = 1 << 18
MOST_RESTARTS = 3
"""of all processes, without a result between them"""


def cores() -> int:
    """Returns the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Links:
    """Sockets to the supervisors. `on_message` receives what they answer, `on_lost` the work of those that
    are gone. Only the supervising thread uses it once it runs."""

    def __init__(
        self,
        options: InterpreterOptions,
        without: Sequence[str],
        on_message: Callable[[Work, Message], None],
        on_lost: Callable[[list[Work]], None],
    ) -> None:
        self.options, self.without = options, without
        self.on_message, self.on_lost = on_message, on_lost
        self.count = max(1, min(options.workers or cores(), cores()))
        self.selector = selectors.DefaultSelector()
        self.all: list[Link] = []
        self.restarts = self.restarts_in_a_row = self.last_id = 0
        self.broken = ""
        """why there are no supervisors any more"""
        self.zygote = self.start()

    def start(self) -> Zygote:
        """Starts all processes. Raises ValueError where programs may not run here, OSError on a failure."""
        zygote = Zygote(self.options.limits, self.count, self.options.unconfined, self.without)
        if "libraries" not in zygote.reply:
            zygote.close()
            raise ValueError(refusal(zygote))
        for number in range(self.count):
            for libraries in (False, True):
                self.add(zygote, number, libraries)
        self.selector.register(zygote.control, selectors.EVENT_READ, self.on_zygote)
        return zygote

    def add(self, zygote: Zygote, number: int, libraries: bool) -> None:
        link = Link(number, libraries, zygote.add_slot(number, libraries))
        self.all.append(link)
        self.selector.register(link.socket, selectors.EVENT_READ, partial(self.on_link, link))

    def least_busy(self, libraries: bool) -> Link:
        """Returns the supervisor with the least work, of those with libraries or of those without."""
        return min((link for link in self.all if link.libraries == libraries), key=lambda link: link.load)

    def send(self, link: Link, job: Work) -> None:
        """Sends a program or a cell."""
        self.last_id += 1
        link.jobs[self.last_id] = job
        message: Message = {"id": self.last_id, "code": job.code}
        if job.session is not None:
            message["session"] = job.session.number
        self.write(link, packed(message))

    def write(self, link: Link, data: bytes) -> None:
        """Sends as much as the socket takes, the rest when it has room."""
        if link.dead:
            return
        link.outgoing += data
        try:
            while link.outgoing:
                del link.outgoing[: link.socket.send(link.outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            link.outgoing.clear()  # its end is noticed when it is read
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.outgoing else 0)
        key = self.selector.get_key(link.socket)
        if key.events != events:
            self.selector.modify(link.socket, events, key.data)

    def on_link(self, link: Link, events: int) -> None:
        if link.dead:
            return
        if events & selectors.EVENT_WRITE:
            self.write(link, b"")
        if not events & selectors.EVENT_READ:
            return
        try:
            data = link.socket.recv(BUFFER)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.succeed(link)
            return
        for message in link.inbox.add(data):
            job = link.jobs.pop(message.pop("id"), None)
            if job is not None:
                self.restarts_in_a_row = 0
                self.on_message(job, message)

    def bury(self, link: Link) -> list[Work]:
        """Closes the socket of a supervisor; returns the work that it had."""
        link.dead = True
        self.selector.unregister(link.socket)
        link.socket.close()
        self.all.remove(link)
        jobs = list(link.jobs.values())
        link.jobs.clear()
        return jobs

    def succeed(self, link: Link) -> None:
        """Starts another supervisor in place of one that is gone."""
        jobs = self.bury(link)
        self.restarts += 1
        try:
            self.add(self.zygote, link.number, link.libraries)
        except OSError:  # the zygote is gone too
            self.restart(jobs)
        else:
            self.on_lost(jobs)

    def on_zygote(self, events: int) -> None:
        self.restart([])

    def restart(self, jobs: list[Work]) -> None:
        """Starts all processes again."""
        jobs = [*jobs, *(job for link in list(self.all) for job in self.bury(link))]
        self.selector.unregister(self.zygote.control)
        self.zygote.close()
        self.restarts += 1
        self.restarts_in_a_row += 1
        if self.restarts_in_a_row > MOST_RESTARTS:
            self.broken = "its processes ended again and again"
        else:
            try:
                self.zygote = self.start()
            except (OSError, ValueError) as error:
                self.broken = str(error)
        self.on_lost(jobs)

    def close(self) -> list[Work]:
        """Ends all processes; returns the work that they had."""
        jobs = [job for link in list(self.all) for job in self.bury(link)]
        if not self.broken:
            self.selector.unregister(self.zygote.control)
            self.zygote.close()
        return jobs


def refusal(zygote: Zygote) -> str:
    """Returns a message on why programs cannot run here."""
    absent = "; ".join(
        f"{layer.name}: {layer.detail}" for layer in zygote.isolation.layers if not layer.holds
    )
    return (
        f"programs cannot be confined on this machine ({zygote.reply['reason'] or absent}): use a server "
        "(interpreter.kind=sandbox_fusion), or allow it with interpreter.unconfined=true"
    )
