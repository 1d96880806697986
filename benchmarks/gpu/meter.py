"""Time and memory of a call on a device, and rows that keep the error of one that fails."""

from __future__ import annotations

import gc
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.gpu.settings import SHOWN, Row, Settings


def synchronize(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def used_mib(device: str, peak: bool = False) -> float:
    """Memory that tensors take on a card, or the largest that the process took of a CPU's."""
    if torch.device(device).type != "cuda":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (torch.cuda.max_memory_allocated if peak else torch.cuda.memory_allocated)(device) / 2**20


def clear(device: str) -> None:
    """Frees what nobody holds, and begins to look for the peak of memory anew."""
    if torch.device(device).type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def timed(call: Callable[[], Any], device: str) -> float:
    synchronize(device)
    began = time.perf_counter()
    call()
    synchronize(device)
    return time.perf_counter() - began


def median_seconds(call: Callable[[], Any], settings: Settings) -> float:
    """Of `rounds` calls, or of as many as begin before the patience is over."""
    seconds: list[float] = []
    while len(seconds) < settings.rounds and sum(seconds) < settings.patience:
        seconds.append(timed(call, settings.device))
    return statistics.median(seconds)


def guarded(row: Row, measure: Callable[[], Row], device: str) -> Row:
    """Returns the row with what was measured, or with the text of the error; with the warnings in any case,
    such as that of sampling without CUDA graphs."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        try:
            row = row | measure()
        except Exception as error:  # whatever a card, a compiler or a package raises
            row = row | {"error": error_text(error)}
    clear(device)
    texts = [error_text(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
    return row | ({"warnings": "; ".join(dict.fromkeys(texts))} if texts else {})


def error_text(error: BaseException | str) -> str:
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} ... {text[-SHOWN // 2 :]}"
