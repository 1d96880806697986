"""Internal errors of the grader, which never stop it: counted, and kept with their input to be shown."""

from __future__ import annotations

from collections import deque
from itertools import count
from threading import local
from typing import NamedTuple

KEPT = 100
"""the latest faults of the process"""
SHOWN = 300
"""characters of an input"""


class Fault(NamedTuple):
    number: int
    """counted from 1 in this process"""
    exception: str
    """type and message"""
    texts: tuple[str, ...]
    """what was compared or read, cut"""


class _Latest(local):
    fault: Fault | None = None


_NUMBERS = count(1)
_FAULTS: deque[Fault] = deque(maxlen=KEPT)
_LATEST = _Latest()


def note_fault(error: BaseException, *inputs: object) -> None:
    """Counts an error that became a verdict."""
    fault = Fault(
        next(_NUMBERS), f"{type(error).__name__}: {error}"[:SHOWN], tuple(map(shorten_text, inputs))
    )
    _LATEST.fault = fault
    _FAULTS.append(fault)


def shorten_text(text: object) -> str:
    """Returns the text at a length that can be shown, with characters that can be written."""
    shown = text if isinstance(text, str) else repr(text)
    more = f"... ({len(shown):,} characters)" if len(shown) > SHOWN else ""
    return shown[:SHOWN].encode("utf-8", "backslashreplace").decode() + more


def count_faults() -> int:
    """Returns the number of faults of this process so far."""
    return _FAULTS[-1].number if _FAULTS else 0


def faults_since(number: int) -> list[Fault]:
    """Returns the faults behind that number, as far as they are kept."""
    return [fault for fault in _FAULTS if fault.number > number]


def latest_fault() -> Fault | None:
    """Returns the last fault of this thread."""
    return _LATEST.fault
