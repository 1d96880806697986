# pyright: strict
"""Large pages for what the zygote has loaded: a fork has less to copy."""

from __future__ import annotations

import ctypes
import sys

from numerate.interpreter.libc import LIBRARY

SIZE = 1 << 21
ADVISE, COLLAPSE = 14, 25
"""MADV_HUGEPAGE, MADV_COLLAPSE"""


def collapse_heap() -> int:
    """Moves the private memory of this process to large pages where the kernel can; returns the bytes that
    it moved. Nothing but the speed of a fork depends on it."""
    if not sys.platform.startswith("linux"):
        return 0
    moved = 0
    with open("/proc/self/maps") as file:
        rows = [line.split() for line in file]
    for row in rows:
        start, end = (int(part, 16) for part in row[0].split("-"))
        low, high = -(-start // SIZE) * SIZE, end // SIZE * SIZE
        if row[1].startswith("rw") and (len(row) < 6 or row[5] == "[heap]") and high > low:
            moved += sum(SIZE for address in range(low, high, SIZE) if collapse(address))
    return moved


def collapse(address: int) -> bool:
    """Moves a large page's worth of memory; False where the kernel does not."""
    arguments = (ctypes.c_void_p(address), ctypes.c_size_t(SIZE))
    LIBRARY.madvise(*arguments, ADVISE)
    return LIBRARY.madvise(*arguments, COLLAPSE) == 0
