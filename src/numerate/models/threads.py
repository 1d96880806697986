"""The rows of a compiled function's work, dealt to as many threads as torch uses."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

ROWS_WORTH_A_THREAD = 32


def in_parts(rows: int, work: Callable[[int, int], object], least: int = ROWS_WORTH_A_THREAD) -> None:
    """Runs work(first, last) over all rows, in as many threads as torch uses where each has `least` rows."""
    parts = min(torch.get_num_threads(), rows // least)
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
