# pyright: strict
"""Writing to pipes: those of programs, reports and cells."""

from __future__ import annotations

import os


def write_pipe(handle: int, data: bytes) -> int:
    """Writes bytes to a pipe, and returns how many it took."""
    return os.write(handle, data)
