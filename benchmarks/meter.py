"""Seconds and peak memory of this process. Needs no torch."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


def time_each(step: Callable[[Any], Any], batches: Iterable[Any]) -> list[tuple[float, float]]:
    """Returns the processor and wall seconds of each step."""
    seconds: list[tuple[float, float]] = []
    for rows in batches:
        began, cpu = time.perf_counter(), time.process_time()
        step(rows)
        seconds.append((time.process_time() - cpu, time.perf_counter() - began))
    return seconds


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reset_peak() -> float:
    """Makes the peak what is held now, where the system can (Linux), and returns it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_mb()
