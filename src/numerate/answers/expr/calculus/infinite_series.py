"""Infinite sums and products by Levin's u transformation (Levin 1973) of a fixed number of terms.

It sums divergent series as well, so convergence is seen to first: terms that alternate and fall, or fall
faster than 1/n^1.2 (Raabe's test). Two orders must agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from numerate.answers.expr.calculus.precise import precise_context
from numerate.answers.expr.tree import Undecided

DIGITS = 120
ORDERS = (36, 46)
TERMS = ORDERS[1] + 1
AGREEMENT = 1e-22
TINY = 1e-60
FALL = 1.2
ALTERNATING_FALL = 0.2
LATE = 10
"""terms at the end by which convergence is judged"""


def sum_series(terms: Sequence[Any]) -> Any:
    """Returns the sum of a series whose first TERMS terms these are. Raises Undecided."""
    size = max(abs(term) for term in terms)
    if size == 0:
        raise Undecided("no sign of where the terms begin")
    if all(abs(term) <= TINY * size for term in terms[-LATE:]):
        return sum(terms)
    if any(term == 0 or term.imag != 0 for term in terms):
        raise Undecided("a term that is zero or complex")
    terms = [term.real for term in terms]  # mpmath orders no complex numbers, not even those without i
    _converges(terms)
    rough, fine = (_levin(terms, order) for order in ORDERS)
    if abs(rough - fine) > AGREEMENT * abs(fine):
        raise Undecided("two orders that differ")
    return fine


def _converges(terms: Sequence[Any]) -> None:
    late = terms[-LATE:]
    rates = [(len(terms) - LATE + k) * (abs(a / b) - 1) for k, (a, b) in enumerate(pairwise(late))]
    signs = {(a > 0) == (b > 0) for a, b in pairwise(late)}
    least = {frozenset({True}): FALL, frozenset({False}): ALTERNATING_FALL}.get(frozenset(signs))
    if least is None or min(rates) < least or min(rates) < max(rates) / 3:
        raise Undecided("no sign of convergence")


@cache
def _weights(order: int) -> tuple[Any, ...]:
    context = precise_context(DIGITS).context
    return tuple(
        (-1) ** j
        * math.comb(order, j)
        * context.mpf(j + 1) ** (order - 2)
        / context.mpf(order + 1) ** (order - 1)
        for j in range(order + 1)
    )


def _levin(terms: Sequence[Any], order: int) -> Any:
    above = below = partial = 0 * terms[0]
    for weight, term in zip(_weights(order), terms, strict=False):
        partial = partial + term
        above += weight * partial / term
        below += weight / term
    return above / below


def multiply_series(factors: Sequence[Any]) -> Any:
    """Returns the product of positive factors, by its logarithm."""
    context = precise_context(DIGITS).context
    if any(factor.imag != 0 or factor.real <= 0 for factor in factors):
        raise Undecided("a factor that is not positive")
    return context.exp(sum_series([context.log(factor.real) for factor in factors]))
