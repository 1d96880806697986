# pyright: strict
"""Supervising thread of the local interpreter: it hands out programs and cells, and resolves futures."""

from __future__ import annotations

import selectors
import socket
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress

from numerate.interpreter.cache import ResultCache
from numerate.interpreter.jobs import DIFFERS, LOST, LocalSession, Work, resolve, same
from numerate.interpreter.libraries import needs_libraries
from numerate.interpreter.links import Links, cores
from numerate.interpreter.options import InterpreterOptions
from numerate.interpreter.results import Execution
from numerate.interpreter.wire import Message, packed

CLOSED = Execution("killed", stderr="Killed: the interpreter or the session was closed\n")
GONE = "Crash: the process that supervises programs is gone\n"


class Dispatcher:
    """Queues and the loop over them. `post`, `end` and `stop` may be called from any thread."""

    def __init__(self, options: InterpreterOptions, cache: ResultCache, without: Sequence[str]) -> None:
        self.options, self.cache, self.ended = options, cache, False
        self.workers = options.workers or cores()
        self.counts: Counter[str] = Counter()
        self.posted: deque[Work | LocalSession] = deque()
        self.ready: deque[Work | LocalSession] = deque()
        self.busy, self.open = 0, True
        self.late_imports = False
        """a session has used a library only after its first cell: the next ones have them from the start"""
        self.links = Links(options, without, self.on_message, self.on_lost)
        self.bell, self.rope = socket.socketpair()
        for end in (self.bell, self.rope):
            end.setblocking(False)
        self.links.selector.register(self.bell, selectors.EVENT_READ, self.take_posted)

    # ---- from any thread ----

    def post(self, item: Work | LocalSession) -> None:
        """Hands over a program or a cell, or a session to close."""
        self.posted.append(item)
        if self.ended:
            self.refuse_posted()
        self.ring()

    def stop(self) -> None:
        self.open = False
        self.ring()

    def ring(self) -> None:
        with suppress(OSError):
            self.rope.send(b"!")

    # ---- the loop ----

    def work(self) -> None:
        """Runs the loop until `stop`, and resolves all that is left, also where the loop itself fails."""
        try:
            while self.open:
                for key, events in self.links.selector.select():
                    key.data(events)
                self.dispatch()
        finally:
            self.open = False
            for job in [*self.links.close(), *self.waiting()]:
                resolve(job, CLOSED)
            self.ended = True
            self.refuse_posted()
            self.links.selector.close()
            self.bell.close()
            self.rope.close()

    def waiting(self) -> list[Work]:
        """Returns all jobs that were taken and have not been sent."""
        jobs: list[Work] = []
        for item in self.ready:
            jobs += [item] if isinstance(item, Work) else item.queue
        return jobs

    def refuse_posted(self) -> None:
        """Resolves what was posted and nobody will take."""
        with suppress(IndexError):
            while True:
                item = self.posted.popleft()
                if isinstance(item, Work):
                    resolve(item, CLOSED)

    def take_posted(self, events: int) -> None:
        with suppress(BlockingIOError):
            while len(self.bell.recv(4096)) == 4096:
                pass
        while self.posted:
            item = self.posted.popleft()
            if isinstance(item, Work):
                self.enqueue(item)
            else:
                self.close_session(item)

    def enqueue(self, job: Work) -> None:
        session = job.session
        if session is None:
            self.ready.append(job)
        elif session.closed:
            resolve(job, CLOSED)
        else:
            session.queue.append(job)
            if not session.busy and len(session.queue) == 1:
                self.ready.append(session)

    def dispatch(self) -> None:
        """Hands out work while there are free workers."""
        while self.ready and self.busy < self.workers and self.open:
            item = self.ready.popleft()
            if isinstance(item, LocalSession):
                if not item.busy and item.queue:
                    self.next_cell(item, item.queue.popleft())
            else:
                self.next_program(item)

    def next_program(self, job: Work) -> None:
        if not job.claim():
            return
        if not self.take_cached(job):
            self.send(job)

    def take_cached(self, job: Work) -> bool:
        """Resolves a job with a result of the cache, if there is one."""
        cached = self.cache.get(job.key) if job.expected is None else None
        if cached is None:
            return False
        if job.session is not None:
            job.session.skip(job, cached)
        self.counts["cached"] += 1
        resolve(job, cached)
        return True

    def next_cell(self, session: LocalSession, job: Work) -> None:
        """Starts the next cell of a session; first, again, those whose results came from the cache."""
        if not job.claim():
            self.requeue(session)
        elif session.link is not None and session.link.dead:
            session.reset()
            self.finish(job, Execution("crash", stderr=LOST, session_lost=True))
            self.requeue(session)
        elif job.expected is not None:
            self.send(job)
        else:
            job.key = session.key_of(job.code) if self.options.cache else None
            if self.take_cached(job):
                self.requeue(session)
            elif session.skipped:
                session.queue.extendleft([job, *reversed(session.skipped)])
                session.skipped.clear()
                self.requeue(session)
            else:
                self.send(job)

    def requeue(self, session: LocalSession) -> None:
        if session.queue:
            self.ready.append(session)

    def send(self, job: Work) -> None:
        """Sends a job to the supervisor of its session, a new one to the least busy."""
        if self.links.broken:
            self.finish(job, Execution("crash", stderr=f"Crash: {self.links.broken}\n"))
            return
        session = job.session
        libraries = needs_libraries(job.code)
        link = session.link if session is not None else None
        if link is not None:
            self.late_imports |= libraries and not link.libraries
        elif session is not None:
            libraries |= self.late_imports or any(needs_libraries(cell.code) for cell in session.queue)
        if link is None:
            link = self.links.least_busy(libraries)
        if session is not None:
            session.pin(link)
            session.busy = True
        self.busy += 1
        self.links.send(link, job)

    # ---- results ----

    def on_message(self, job: Work, message: Message) -> None:
        self.busy -= 1
        self.complete(job, Execution(**message))

    def on_lost(self, jobs: list[Work]) -> None:
        """Ends the jobs of a supervisor that is gone; a program is tried again."""
        for job in jobs:
            self.busy -= 1
            self.complete(job, Execution("crash", stderr=GONE, session_lost=job.session is not None), True)
        self.counts["restarted"] = self.links.restarts

    def complete(self, job: Work, result: Execution, gone: bool = False) -> None:
        session = job.session
        if session is not None:
            session.busy = False
        if session is not None and session.closed:
            resolve(job, CLOSED)
        elif self.is_worth_a_try(job, result, gone):
            self.again(job)
        elif session is None:
            self.cache.put(job.key, result)
            self.finish(job, result)
        else:
            self.complete_cell(session, job, result)
            self.requeue(session)

    def is_worth_a_try(self, job: Work, result: Execution, gone: bool) -> bool:
        nothing_ran = result.status == "setup_failed" or (gone and job.session is None)
        return nothing_ran and job.tries < self.options.retries and not self.links.broken

    def again(self, job: Work) -> None:
        """Puts a job first in its queue."""
        job.tries += 1
        self.counts["retried"] += 1
        if job.session is None:
            self.ready.appendleft(job)
        else:
            job.session.queue.appendleft(job)
            self.ready.appendleft(job.session)

    def complete_cell(self, session: LocalSession, job: Work, result: Execution) -> None:
        if job.expected is None:
            session.advance(job.key, result)
            self.cache.put(job.key, result)
            self.finish(job, result)
        elif not same(job.expected, result):
            self.diverge(session, job)

    def diverge(self, session: LocalSession, job: Work) -> None:
        """Gives a session up whose cells do not do the same again; the cell that waits for them says so."""
        if job.key is not None:
            self.cache.drop(job.key)
        while session.queue and session.queue[0].expected is not None:
            session.queue.popleft()
        self.end_process(session)
        session.reset()
        if session.queue:
            self.finish(session.queue.popleft(), Execution("crash", stderr=DIFFERS, session_lost=True))

    def finish(self, job: Work, result: Execution) -> None:
        self.counts[result.status] += 1
        self.counts["session_lost"] += result.session_lost
        resolve(job, result)

    def close_session(self, session: LocalSession) -> None:
        session.closed = True
        while session.queue:
            resolve(session.queue.popleft(), CLOSED)
        self.end_process(session)

    def end_process(self, session: LocalSession) -> None:
        if session.link is not None:
            self.links.write(session.link, packed({"session": session.number}))
            session.unpin()
