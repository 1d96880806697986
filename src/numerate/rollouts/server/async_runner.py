"""Coroutines on a thread of their own, so that plain code, with or without an event loop, can have many
pending requests and take their responses in the order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Background(Generic[T, R]):
    """Runner of coroutines. At the end of a `with` the pending ones are cancelled, and then `close` is
    run."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.close = close
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, name="numerate-requests", daemon=True)
        self.pending: dict[Future[R], T] = {}
        self.completed: SimpleQueue[Future[R]] = SimpleQueue()

    def __enter__(self) -> Background[T, R]:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self._finish())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def __len__(self) -> int:
        """Returns the number of pending coroutines."""
        return len(self.pending)

    def start(self, work: Coroutine[Any, Any, R], tag: T) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        self.pending[future] = tag
        future.add_done_callback(self.completed.put)

    def next(self) -> tuple[T, Future[R]]:
        """Waits for the next result, and returns it with its tag."""
        future = self.completed.get()
        return self.pending.pop(future), future

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Waits for one coroutine and returns its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.close()
