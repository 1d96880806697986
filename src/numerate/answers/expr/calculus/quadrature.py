"""Definite integrals by double exponential quadrature (Takahasi and Mori 1974) with a fixed number of nodes.

The grid is shifted by an irrational part of its step, so that no symmetry hides a pole in the middle of the
interval. Two grids, one twice as fine, must agree, and the outermost terms must be nothing: a divergent
integral fails the second, a pole, a kink or fast oscillation the first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from numerate.answers.expr.calculus.precise import precise_context
from numerate.answers.expr.tree import Undecided

DIGITS = 90
SHIFT = 0.370_123_456_789
AGREEMENT = 1e-15
"""of the two grids, whose finer one is then right to twice as many digits"""
NEGLIGIBLE = 1e-31
_LOCAL = threading.local()


class Point(NamedTuple):
    near: Any
    """distance from the end that is nearer, as a part of the interval or as it is"""
    weight: Any
    upper: bool
    """True when the nearer end is the upper one"""
    coarse: bool
    """True when it is on the coarser grid as well"""


class TwoValues(Undecided):
    """Two grids that differ."""


Function = Callable[[Any], Any]
TAIL = 4.72
"""where the end is 10^-75 of the interval away"""
FAR = 4.69
"""where e^(pi/2 sinh t) is 10^75"""
PROBE = 1_200
"""so far out, what decays like an exponential is nothing"""


def _finite(steps: int) -> list[Point]:
    context = precise_context(DIGITS).context
    points: list[Point] = []
    for k, t in _grid(steps, TAIL):
        small = context.exp(-context.pi * context.sinh(abs(t)))
        near = small / (1 + small)
        weight = context.pi * context.cosh(t) * near * (1 - near) / steps
        points.append(Point(near, weight, t > 0, k % 2 == 0))
    return points


def _infinite(steps: int) -> list[Point]:
    """Returns the nodes of x = exp(pi/2 sinh t)."""
    context = precise_context(DIGITS).context
    points: list[Point] = []
    for k, t in _grid(steps, FAR):
        x = context.exp(context.pi / 2 * context.sinh(t))
        points.append(Point(x, x * context.pi / 2 * context.cosh(t) / steps, False, k % 2 == 0))
    return points


def _decaying(steps: int) -> list[Point]:
    """Returns the nodes of x = exp(2t - exp(-t)), for what decays like an exponential."""
    context = precise_context(DIGITS).context
    points: list[Point] = []
    for k, t in _grid(steps, 6.0):
        x = context.exp(2 * t - context.exp(-t))
        if 1e-78 < x < 30_000:
            points.append(Point(x, x * (2 + context.exp(-t)) / steps, False, k % 2 == 0))
    return points


def _grid(steps: int, last: float) -> list[tuple[int, Any]]:
    context = precise_context(DIGITS).context
    count = int(last * steps)
    return [(k, (k + 2 * context.mpf(SHIFT)) / steps) for k in range(-count, count)]


_TABLES: dict[str, tuple[Callable[[int], list[Point]], int]] = {
    "finite": (_finite, 16),
    "fine": (_finite, 36),
    "infinite": (_infinite, 56),
    "decaying": (_decaying, 40),
}


def _table(name: str) -> list[Point]:
    made: dict[str, list[Point]] = _LOCAL.__dict__.setdefault("tables", {})
    if name not in made:
        make, steps = _TABLES[name]
        made[name] = make(steps)
    return made[name]


def over_interval(f: Function, low: Any, high: Any) -> Any:
    """Returns the integral from a number to a number. Raises Undecided."""
    width = high - low

    def at(point: Point) -> Any:
        return f(high - width * point.near if point.upper else low + width * point.near)

    try:
        return width * _total(at, "finite")
    except TwoValues:
        return width * _total(at, "fine")


def to_infinity(f: Function, low: Any) -> Any:
    """Returns the integral from a number to infinity. Raises Undecided."""
    fast = abs(f(low + PROBE)) < 1e-45
    return _total(lambda p: f(low + p.near), "decaying" if fast else "infinite")


def _total(f: Callable[[Point], Any], name: str) -> Any:
    """Returns the sum over the finer grid, 0 where all of it cancels."""
    table = _table(name)
    ends, middle = (*table[:2], *table[-2:]), table[len(table) // 3 :: len(table) // 3]
    _nothing([f(p) * p.weight for p in ends], 1e14 * sum(abs(f(p) * p.weight) for p in middle))
    terms = [f(p) * p.weight for p in table]
    size = sum(abs(term) for term in terms)
    _nothing([*terms[:2], *terms[-2:]], size)
    fine = sum(terms)
    coarse = 2 * sum(term for term, point in zip(terms, table, strict=True) if point.coarse)
    if abs(fine - coarse) > AGREEMENT * size:
        raise TwoValues("two grids that differ")
    return fine if abs(fine) > 1e-32 * size else 0 * fine


def _nothing(ends: list[Any], size: Any) -> None:
    if any(abs(term) > NEGLIGIBLE * size for term in ends):
        raise Undecided("an end that is not nothing")


# -- integrals within integrals, by Gauss-Legendre quadrature ---------------------------------------
ORDERS = (15, 21)
"""few nodes, for smooth functions only"""
BEND = 0.3
"""of the parabola that the letter runs over and not a line, so that no symmetry hides a pole in the middle"""
Table = list[tuple[Any, Any]]


def _legendre(order: int, x: Any) -> tuple[Any, Any]:
    """Returns the polynomial and its derivative at x."""
    before, now = 1, x
    for k in range(2, order + 1):
        before, now = now, ((2 * k - 1) * x * now - (k - 1) * before) / k
    return now, order * (x * now - before) / (x * x - 1)


def _legendre_table(order: int) -> Table:
    """Returns nodes on (0, 1) and their weights."""
    context = precise_context(DIGITS).context
    table: Table = []
    for k in range(1, order + 1):
        x = context.cos(context.pi * (k - context.mpf(1) / 4) / (order + context.mpf(1) / 2))
        for _ in range(8):
            value, slope = _legendre(order, x)
            x -= value / slope
        slope = _legendre(order, x)[1]
        u, weight = (1 + x) / 2, 1 / ((1 - x * x) * slope * slope)
        table.append((u + BEND * u * (1 - u), weight * (1 + BEND * (1 - 2 * u))))
    return table


def nested_over_interval(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Returns the integral from a number to a number. Raises Undecided."""
    width = high - low
    tables: dict[int, Table] = _LOCAL.__dict__.setdefault("legendre", {})
    totals: list[Any] = []
    size: Any = 0
    for order in ORDERS:
        if order not in tables:
            tables[order] = _legendre_table(order)
        terms = [f(low + width * u) * weight for u, weight in tables[order]]
        totals.append(sum(terms))
        size = sum(abs(term) for term in terms)
    if abs(totals[0] - totals[1]) > AGREEMENT * size:
        raise Undecided("two orders that differ")
    return width * totals[1] if abs(totals[1]) > 1e-32 * size else 0 * totals[1]
