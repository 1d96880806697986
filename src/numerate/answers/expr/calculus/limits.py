"""Limits, from values so near to the point that an analytic expression has its limit there in 50 digits.

Two distances per side must agree, and both sides with each other. A logarithm that tends to infinity, or
anything else that is slower than a power, changes between them and stays undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from numerate.answers.expr.calculus.precise import real_part
from numerate.answers.expr.tree import Node, Undecided, number_node, subtract_nodes

DIGITS = 700
"""enough to cancel five orders of the distance"""
NEAR = (Fraction(137, 113) / 10**100, Fraction(97, 89) / 10**120)
AGREEMENT = 1e-30
ZERO = 1e-28
LARGE = 1e15
GROWTH = 1e4
"""by which something infinite is larger at the second distance"""


def approach_points(goal: Node, side: str, infinite: int) -> list[list[Node]]:
    """Returns the points to look at, one list for each side. infinite: the sign of infinity when the letter
    goes there."""
    if infinite:
        return [[number_node(infinite / distance) for distance in NEAR]]
    signs = {"+": (1,), "-": (-1,)}.get(side, (1, -1))
    return [[subtract_nodes(goal, number_node(-sign * distance)) for distance in NEAR] for sign in signs]


def numeric_limit(sides: list[list[Node]], at: Callable[[Node], Any]) -> Any:
    """The value, or infinity as a float with its sign. Raises Undecided."""
    values = [_settle_limit(*(real_part(at(point)) for point in side)) for side in sides]
    if len(values) == 2 and not _same(*values):
        raise Undecided("another limit from the other side")
    return values[0]


def _settle_limit(far: Any, near: Any) -> Any:
    if abs(near - far) <= AGREEMENT * abs(near):
        return near
    if abs(near) <= abs(far) < ZERO:
        return 0 * near
    if abs(far) > LARGE and abs(near) > GROWTH * abs(far) and (far > 0) == (near > 0):
        return float("inf") if near > 0 else float("-inf")
    raise Undecided("values that don't settle")


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return left == right
    return abs(left - right) <= AGREEMENT * abs(left) or abs(left) + abs(right) < ZERO
