"""Work counted in steps, so that no text makes a comparison long. No clocks: the same verdict on any machine.

A step is about a microsecond: a token, a node evaluated in doubles; long numbers and 50 digits cost more. A
result costs the same computed anew and out of a cache, so that a verdict depends on the texts alone."""

from __future__ import annotations

from collections.abc import Callable
from threading import local
from types import TracebackType
from typing import TypeVar

STEPS = 150_000
"""of one comparison or one solution; real answers need a hundred, the costliest 4,000, and 60 sums of
roots in another order 110,000"""
READING = 90_000
"""of one text that is read; a budget can be exceeded by so much, when the last text is paid for"""
_UNLIMITED = 1 << 62

Text = TypeVar("Text")
Result = TypeVar("Result")


class BudgetExceeded(ValueError):
    """More work than a comparison may take. Never handled where the work is done, but by `Limit`'s owner."""


class _Account(local):
    depth = 0
    left = _UNLIMITED
    used = 0


_ACCOUNT = _Account()


def spend_steps(steps: int = 1) -> None:
    """Raises BudgetExceeded where this thread has no steps left."""
    left = _ACCOUNT.left - steps
    _ACCOUNT.left = left
    if left < 0:
        raise BudgetExceeded("more steps than a comparison may take")


class Limit:
    """Opens a budget for the block; inside another limit it shares that one's. Raises BudgetExceeded where
    that is used up."""

    def __init__(self, steps: int = STEPS):
        self.steps = steps

    def __enter__(self) -> None:
        if _ACCOUNT.left < 0:
            raise BudgetExceeded("no steps left")
        _ACCOUNT.depth += 1
        if _ACCOUNT.depth == 1:
            _ACCOUNT.left = self.steps

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ACCOUNT.depth -= 1
        if _ACCOUNT.depth == 0:
            _ACCOUNT.used = self.steps - _ACCOUNT.left
            _ACCOUNT.left = _UNLIMITED


LIMIT = Limit()


def used_steps() -> int:
    """Returns the number of steps of this thread's last limited block."""
    return _ACCOUNT.used


def measure_steps(work: Callable[[Text], Result], text: Text) -> tuple[Result, int]:
    """Returns what `work` makes of the text, and its steps. Takes nothing from the budget that is open, so
    that the result can be kept and paid for at each use. Raises BudgetExceeded beyond READING steps."""
    if _ACCOUNT.left < 0:
        raise BudgetExceeded("no steps left")
    before, _ACCOUNT.left = _ACCOUNT.left, READING
    try:
        return work(text), READING - _ACCOUNT.left
    finally:
        _ACCOUNT.left = before
