"""The threads of compiled functions: as many as torch uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock

import torch

ROWS_WORTH_A_THREAD = 32


class _Held:
    """The number of torch's threads, while torch computes on the calling thread alone."""

    lock = Lock()
    callers = 0
    threads = 0


def thread_count() -> int:
    """Returns how many threads a compiled function may use."""
    with _Held.lock:
        return _Held.threads if _Held.callers else torch.get_num_threads()


@contextmanager
def torch_on_this_thread() -> Iterator[None]:
    """Keeps torch's own functions on the calling thread; compiled functions use as many threads as before.

    For small functions between large compiled ones: OpenMP's threads spin for a while after each, on cores
    that the compiled function's threads need at once."""
    with _Held.lock:
        if not _Held.callers:
            _Held.threads = torch.get_num_threads()
        _Held.callers += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _Held.lock:
            _Held.callers -= 1
            if not _Held.callers:
                torch.set_num_threads(_Held.threads)


def in_parts(rows: int, work: Callable[[int, int], object], least: int = ROWS_WORTH_A_THREAD) -> None:
    """Runs work(first, last) over all rows, in as many threads as torch uses where each has `least` rows."""
    parts = min(thread_count(), rows // least)
    if parts <= 1:
        work(0, rows)
        return
    edges = [rows * i // parts for i in range(parts + 1)]
    others = [thread_pool(parts).submit(work, edges[i], edges[i + 1]) for i in range(1, parts)]
    work(edges[0], edges[1])
    for other in others:
        other.result()


@cache
def thread_pool(parts: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(parts - 1, "decode")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=thread_pool.cache_clear)  # its threads stay with the parent
