"""Values of expressions without letters in as many digits as asked for, with the work counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numerate.answers.budget import BudgetExceeded
from numerate.answers.expr.numeric import Digits, evaluate_at
from numerate.answers.expr.tree import Node, Undecided, walk_nodes

LARGEST = 1_000
"""bits before the point of what goes into a function; e^(e^1000) is no number that anyone computes"""
_LOCAL = threading.local()


class Effort:
    """The computation that is left for one value; a unit is two steps of the budget."""

    def __init__(self, left: int) -> None:
        self.left = self.most = left
        self.within = 0
        """integrals that are being computed around this one"""

    @property
    def spent(self) -> int:
        return self.most - max(self.left, 0)

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise Undecided("too much to compute")


class _Bounded:
    """The functions of an mpmath context, for arguments of a bounded size only."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self.context, name)

        def call(*arguments: Any) -> Any:
            if any(argument and self.context.mag(argument) > LARGEST for argument in arguments):
                raise OverflowError("a large argument")
            return function(*arguments)

        setattr(self, name, call)
        return call


class Precise(Digits):
    """Arithmetic with a chosen number of digits, real as long as nothing makes it complex. Its work is
    counted by `Effort`."""

    steps = 0

    def __init__(self, digits: int) -> None:
        super().__init__()
        self.context: Any = self.functions
        self.context.dps = digits
        self.pi, self.e, self.i = +self.context.pi, +self.context.e, self.context.mpc(0, 1)
        self.functions = _Bounded(self.context)

    def number(self, top: int, bottom: int) -> Any:
        whole = self.context.mpf(top)
        return whole if bottom == 1 else whole / bottom


def precise_context(digits: int) -> Precise:
    """Returns this thread's own context of so many digits."""
    made: dict[int, Precise] = _LOCAL.__dict__.setdefault("made", {})
    if digits not in made:
        made[digits] = Precise(digits)
    return made[digits]


_COSTS = {"factorial": 60, "binomial": 180}


def evaluation_cost(node: Node) -> int:
    """Returns how many sums of two numbers the value takes, roughly."""
    return sum(
        _COSTS.get(part.value, 6) if part.kind == "fn" else 5 if part.kind == "pow" else 1
        for part in walk_nodes(node)
    )


def precise_value(node: Node, digits: int) -> Any:
    """Computes the value in so many digits. Raises Undecided where there is no finite one."""
    on = precise_context(digits)
    try:
        result = evaluate_at(node, on, 0)
    except BudgetExceeded:
        raise
    except (ArithmeticError, ValueError, TypeError) as error:  # TypeError: complex numbers have no order
        raise Undecided(str(error)) from error
    if not on.context.isfinite(result):
        raise Undecided("not finite")
    return result


def real_part(number: Any) -> Any:
    """Removes an imaginary part that is a rounding error. Raises Undecided for a complex number."""
    if abs(number.imag) > abs(number.real) * 1e-30 + 1e-35:
        raise Undecided("not real")
    return number.real


def constant_node(number: Any) -> Node:
    return Node("constant", number)
