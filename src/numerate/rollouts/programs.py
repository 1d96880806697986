"""Programs that run while an engine decodes: each with what waits for its output."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from numerate.interpreter import Execution

NO_CALL = {
    "no_program": "SyntaxError: there is no program in this call",
    "not_json": "ValueError: the call is not JSON with a program in arguments.code",
}
"""outputs of calls that cannot run, by their flaw"""
W = TypeVar("W")


class Programs(Generic[W]):
    """The programs that run, or have ended and were not taken."""

    def __init__(self) -> None:
        self._waiting: dict[Future[Execution], W] = {}
        self._ended: SimpleQueue[Future[Execution]] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[W]:
        """Yields what waits."""
        return iter(self._waiting.values())

    def add(self, future: Future[Execution], waiting: W) -> None:
        """Adds a program that was started; `waiting` goes on with its output."""
        self._waiting[future] = waiting
        future.add_done_callback(self._ended.put)

    def take(self, wait: bool) -> Iterator[tuple[W, Execution]]:
        """Yields the programs that have ended, with what waited for each. wait: for the first of them."""
        while True:
            try:
                future = self._ended.get(wait)
            except Empty:
                return
            wait = False
            yield self._waiting.pop(future), future.result()


def refused_call(flaw: str | None) -> Future[Execution] | None:
    """Returns the result of a call that cannot run for its flaw; None: it can."""
    if flaw not in NO_CALL:
        return None
    future: Future[Execution] = Future()
    future.set_result(Execution("error", stderr=NO_CALL[flaw]))
    return future
