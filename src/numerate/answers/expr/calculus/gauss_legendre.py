"""Integrals within integrals, by Gauss-Legendre quadrature: few nodes, for smooth functions only.

The letter runs over a parabola and not a line, so that no symmetry hides a pole in the middle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numerate.answers.expr.calculus.precise import precise_context
from numerate.answers.expr.calculus.quadrature import AGREEMENT, DIGITS
from numerate.answers.expr.tree import Undecided

ORDERS = (15, 21)
BEND = 0.3
_LOCAL = threading.local()
Table = list[tuple[Any, Any]]


def _legendre(order: int, x: Any) -> tuple[Any, Any]:
    """The polynomial and its derivative at x."""
    before, now = 1, x
    for k in range(2, order + 1):
        before, now = now, ((2 * k - 1) * x * now - (k - 1) * before) / k
    return now, order * (x * now - before) / (x * x - 1)


def _table(order: int) -> Table:
    """Nodes on (0, 1) and their weights."""
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


def over_interval(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """The integral from a number to a number. Raises Undecided."""
    width = high - low
    tables: dict[int, Table] = _LOCAL.__dict__.setdefault("tables", {})
    totals: list[Any] = []
    size: Any = 0
    for order in ORDERS:
        if order not in tables:
            tables[order] = _table(order)
        terms = [f(low + width * u) * weight for u, weight in tables[order]]
        totals.append(sum(terms))
        size = sum(abs(term) for term in terms)
    if abs(totals[0] - totals[1]) > AGREEMENT * size:
        raise Undecided("two orders that differ")
    return width * totals[1] if abs(totals[1]) > 1e-32 * size else 0 * totals[1]
