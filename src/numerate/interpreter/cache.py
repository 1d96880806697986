# pyright: strict
"""Bounded cache of results, by code and by the cells before it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

from numerate.interpreter.results import Execution

KEPT = ("ok", "error")
OVERHEAD = 600
"""bytes of an entry beside its text"""
EMPTY = b""
"""state of a session before its first cell"""


def next_state(state: bytes, cell: str) -> bytes:
    """Returns the state of a session after a cell: a hash of all its cells."""
    return hashlib.sha256(state + b"\0" + cell.encode("utf-8", "surrogatepass")).digest()


def program_key(code: str) -> bytes:
    return b"program" + next_state(EMPTY, code)


class ResultCache:
    """Results of executions that ended by themselves, with state intact; the least recently used are
    dropped."""

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0
        self.entries: OrderedDict[bytes, Execution] = OrderedDict()
        self.lock = Lock()

    def get(self, key: bytes | None) -> Execution | None:
        with self.lock:
            if key is None or key not in self.entries:
                return None
            self.entries.move_to_end(key)
            return self.entries[key]

    def put(self, key: bytes | None, result: Execution) -> None:
        """Keeps a result; others than `ok` and `error` depend on the machine, and are not kept."""
        weight = weight_of(result)
        if key is None or result.status not in KEPT or result.session_lost or weight > self.size:
            return
        with self.lock:
            self._drop(key)
            self.entries[key] = result
            self.used += weight
            while self.used > self.size:
                self._drop(next(iter(self.entries)))

    def drop(self, key: bytes) -> None:
        """Forgets a result that did not come again."""
        with self.lock:
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        result = self.entries.pop(key, None)
        if result is not None:
            self.used -= weight_of(result)


def weight_of(result: Execution) -> int:
    """Returns about the bytes of an entry."""
    return OVERHEAD + len(result.stdout) + len(result.stderr)
