"""The value of an expression without letters that holds integrals, limits or infinite sums."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from numerate.answers import exact, series
from numerate.answers.budget import measured, spend
from numerate.answers.calculus import gauss, infinite, limits, quadrature
from numerate.answers.calculus.closed import INFINITY, has_operators
from numerate.answers.calculus.derivatives import holds
from numerate.answers.calculus.precise import Effort, arithmetic, constant, cost, real, value
from numerate.answers.tree import Node, Undecided, num, substitute, walk

EFFORT = 26_000
"""what may be computed for one value"""
STEPS = 2
"""of the budget for a unit of that"""
DIGITS = 60
IN_A_LIMIT = 40
"""how many times as long a node takes with the digits of a limit"""
_MINUS_INFINITY = Node("neg", None, (INFINITY,))


class Found(NamedTuple):
    value: Any
    """a number of mpmath, an infinite float, or None where there is none"""
    spent: int


def of(node: Node) -> Found:
    """The value, and the work that it took, which is paid for whether it is computed or remembered."""
    value, steps = _computed(node)
    spend(steps + STEPS * value.spent)
    return value


@lru_cache(maxsize=1024)
def _computed(node: Node) -> tuple[Found, int]:
    return measured(_found, node)


def _found(node: Node) -> Found:
    if node in (INFINITY, _MINUS_INFINITY):
        return Found(float("inf" if node == INFINITY else "-inf"), 0)
    effort = Effort(EFFORT)
    try:
        if any(part.kind == "call" or part == INFINITY for part in _outside_of_bounds(node)):
            raise Undecided("an unknown function or infinity as a number")
        value = _limit(node, effort) if node.kind == "limit" else _number(node, DIGITS, effort)
    except Undecided:
        return Found(None, effort.spent)
    return Found(value, effort.spent)


def _number(node: Node, digits: int, effort: Effort) -> Any:
    node = resolved(node, effort)
    effort.spend(cost(node))
    return value(node, digits)


def _outside_of_bounds(node: Node) -> list[Node]:
    """Every part but the infinite bounds of operators."""
    parts: list[Node] = []
    todo = [node]
    while todo:
        top = todo.pop()
        parts.append(top)
        ends = (INFINITY, _MINUS_INFINITY)
        todo.extend(arg for arg in top.args if top.kind not in _VALUES or arg not in ends)
    return parts


def resolved(node: Node, effort: Effort) -> Node:
    """The expression with every operator replaced by its value, from the outermost on."""
    if not has_operators(node):
        return node
    if rule := _VALUES.get(node.kind):
        value = rule(node, effort)
        if isinstance(value, float):
            raise Undecided("an infinite value in an expression")
        return constant(value)
    if node.kind in ("derivative", "antiderivative"):
        raise Undecided(node.kind)
    return node._replace(args=tuple(resolved(arg, effort) for arg in node.args))


def _at(body: Node, bound: str, digits: int, effort: Effort, weight: int = 1) -> Callable[[Any], Any]:
    """The body as a function of its letter."""
    effort.spend(weight * cost(body))
    body = _without_fixed_operators(body, bound, effort)
    plain = not has_operators(body)
    body = _folded(body, bound, digits) if plain else body
    work = weight * cost(body)

    def f(x: Any) -> Any:
        node = substitute(body, bound, x if isinstance(x, Node) else constant(x))
        effort.spend(work)
        return value(node if plain else resolved(node, effort), digits)

    return f


def _without_fixed_operators(node: Node, bound: str, effort: Effort) -> Node:
    """The expression with the values of the operators that the letter is not in: they are computed once."""
    if not has_operators(node):
        return node
    if not holds(node, bound):
        return resolved(node, effort)
    if node.kind in _VALUES:
        return node
    return node._replace(args=tuple(_without_fixed_operators(arg, bound, effort) for arg in node.args))


def _folded(node: Node, bound: str, digits: int) -> Node:
    """The expression with its constant parts computed, and powers of e without the logarithm of e."""
    if not holds(node, bound):
        return node if node.kind == "constant" else constant(value(node, digits))
    if node.kind == "pow" and node.args[0] == Node("sym", "e"):
        return Node("fn", "exp", (_folded(node.args[1], bound, digits),))
    return node._replace(args=tuple(_folded(arg, bound, digits) for arg in node.args))


# -- integrals ----------------------------------------------------------------------
def _integral(node: Node, effort: Effort) -> Any:
    low, high, body = node.args
    if high in (INFINITY, _MINUS_INFINITY) and low in (INFINITY, _MINUS_INFINITY):
        if low == high:
            raise Undecided("no interval")
        halves = (
            _integral(node._replace(args=ends), effort)
            for ends in ((low, num(0), body), (num(0), high, body))
        )
        return sum(halves)
    if low == INFINITY or high == _MINUS_INFINITY:
        return -_integral(node._replace(args=(high, low, body)), effort)
    inner = _at(body, node.value, quadrature.DIGITS, effort)
    is_complex = any(part == Node("sym", "i") for part in walk(body))

    def f(x: Any) -> Any:
        value = inner(x)
        if value.imag != 0 and not is_complex:
            raise Undecided("not real")
        return value if is_complex else value.real

    if high == INFINITY:
        return quadrature.to_infinity(f, _bound(low, effort))
    if low == _MINUS_INFINITY:
        return quadrature.to_infinity(lambda x: f(-x), -_bound(high, effort))
    ends = _bound(low, effort), _bound(high, effort)
    if not has_operators(body) and not effort.within:
        return quadrature.over_interval(f, *ends)
    effort.within += 1
    value = gauss.over_interval(f, *ends)
    effort.within -= 1
    return value


def _bound(node: Node, effort: Effort) -> Any:
    return real(_number(node, quadrature.DIGITS, effort))


# -- limits ----------------------------------------------------------------------
def _limit(node: Node, effort: Effort) -> Any:
    goal, body = node.args
    side, bound = node.value
    if has_operators(body) or any(map(_needs_gamma, walk(body))):
        raise Undecided("a limit of an integral, a sum or a factorial")
    sign = {INFINITY: 1, _MINUS_INFINITY: -1}.get(goal, 0)
    where = limits.points(resolved(goal, effort), side, sign)
    return limits.limit(where, _at(body, bound, limits.DIGITS, effort, IN_A_LIMIT))


def _needs_gamma(node: Node) -> bool:
    """Returns True for a factorial that is no whole number's: in so many digits it takes longer than all
    the rest."""
    if node.value not in ("factorial", "binomial"):
        return False
    return any(arg.kind != "num" or arg.value.denominator != 1 for arg in node.args)


# -- sums ----------------------------------------------------------------------
def _series(node: Node, effort: Effort) -> Any:
    first, last, term = node.args
    if last != INFINITY:
        written = series.with_terms(node)
        if written.kind == "series":
            raise Undecided("no whole bounds")
        return _number(written, quadrature.DIGITS, effort)
    start = exact.rational(first)
    if start.denominator != 1 or abs(start) > 10**6:
        raise Undecided("no whole bound")
    f = _at(term, f"bound {series.height(term)}", infinite.DIGITS, effort)
    terms = [arithmetic(infinite.DIGITS).context.convert(f(num(start + k))) for k in range(infinite.TERMS)]
    return infinite.total(terms) if node.value == "sum" else infinite.product(terms)


_VALUES: dict[str, Callable[[Node, Effort], Any]] = {
    "integral": _integral,
    "limit": _limit,
    "series": _series,
}
