"""Benchmark of matrix products on this processor, printed by `numerate doctor`. Nothing switches by itself: a
choice that depends on the load of the machine would change a run's numbers between its parts."""

from __future__ import annotations

import time
from statistics import median

import torch

ROWS, INNER, COLUMNS = 256, 256, 688
"""a layer of a small model, for 256 rollouts"""
SECONDS = 0.05


def measure_gemm(dtype: torch.dtype, threads: int) -> float:
    """Returns GFLOP/s of one matrix product, the median of what fits into 50 ms."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        left, right = torch.ones(ROWS, INNER, dtype=dtype), torch.ones(COLUMNS, INNER, dtype=dtype)
        torch.nn.functional.linear(left, right)
        took: list[float] = []
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end or len(took) < 5:
            began = time.perf_counter()
            torch.nn.functional.linear(left, right)
            took.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
    return 2 * ROWS * INNER * COLUMNS / median(took) / 1e9
