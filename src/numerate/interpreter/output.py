# pyright: strict
"""Output of a program, bounded: its first and its last bytes are kept, the rest is counted."""

from __future__ import annotations

import os

CHUNK = 1 << 16


class Output:
    """Standard output or standard error of one execution, read from a pipe."""

    def __init__(self, pipe: int, kept: int) -> None:
        self.pipe, self.half = pipe, max(1, kept // 2)
        self.clear()

    def clear(self) -> None:
        """Forgets what has been read."""
        self.head, self.tail, self.total = bytearray(), bytearray(), 0

    def read(self) -> bool:
        """Reads once; False at the end of the pipe or when nothing is there."""
        try:
            data = os.read(self.pipe, CHUNK)
        except (BlockingIOError, InterruptedError):
            return False
        self.add(data)
        return bool(data)

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.half - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            self.tail += data
            if len(self.tail) > 2 * self.half:
                del self.tail[: -self.half]

    def drain(self, most: int) -> None:
        """Reads what the pipe holds, up to about `most` bytes in all."""
        while self.total <= most and self.read():
            pass

    def text(self) -> tuple[str, bool]:
        """Returns the text, and whether a part was left out; a line in its middle says how much."""
        dropped = self.total - len(self.head) - min(len(self.tail), self.half)
        if dropped <= 0:
            return decoded(self.head + self.tail), False
        tail = self.tail[-self.half :]
        note = f"\n... {dropped} bytes left out ...\n"
        return decoded(self.head) + note + decoded(tail), True


def decoded(data: bytes | bytearray) -> str:
    return bytes(data).decode("utf-8", "replace")
