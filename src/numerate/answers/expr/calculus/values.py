"""The value of an expression without letters that holds integrals, limits or infinite sums."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from numerate.answers.budget import measure_steps, spend_steps
from numerate.answers.expr import series
from numerate.answers.expr.calculus import infinite_series, quadrature
from numerate.answers.expr.calculus.closed_form import has_operators
from numerate.answers.expr.calculus.derivatives import contains_letter
from numerate.answers.expr.calculus.precise import (
    Effort,
    constant_node,
    evaluation_cost,
    precise_context,
    precise_value,
    real_part,
)
from numerate.answers.expr.tree import (
    INFINITY,
    Node,
    Undecided,
    number_node,
    substitute_symbol,
    subtract_nodes,
    walk_nodes,
)

EFFORT = 26_000
"""what may be computed for one value"""
STEPS = 2
"""of the budget for a unit of that"""
DIGITS = 60
IN_A_LIMIT = 40
"""how many times as long a node takes with the digits of a limit"""
_MINUS_INFINITY = Node("neg", None, (INFINITY,))


class OperatorValue(NamedTuple):
    value: Any
    """a number of mpmath, an infinite float, or None where there is none"""
    spent: int


def operator_value(node: Node) -> OperatorValue:
    """Returns the value, and the work that it took, which is paid for whether it is computed or
    remembered."""
    value, steps = _measured_value(node)
    spend_steps(steps + STEPS * value.spent)
    return value


@lru_cache(maxsize=1024)
def _measured_value(node: Node) -> tuple[OperatorValue, int]:
    return measure_steps(_compute_value, node)


def _compute_value(node: Node) -> OperatorValue:
    if node in (INFINITY, _MINUS_INFINITY):
        return OperatorValue(float("inf" if node == INFINITY else "-inf"), 0)
    effort = Effort(EFFORT)
    try:
        if any(part.kind == "call" or part == INFINITY for part in _outside_of_bounds(node)):
            raise Undecided("an unknown function or infinity as a number")
        value = _limit(node, effort) if node.kind == "limit" else _number(node, DIGITS, effort)
    except Undecided:
        return OperatorValue(None, effort.spent)
    return OperatorValue(value, effort.spent)


def _number(node: Node, digits: int, effort: Effort) -> Any:
    node = resolve_operators(node, effort)
    effort.spend(evaluation_cost(node))
    return precise_value(node, digits)


def _outside_of_bounds(node: Node) -> list[Node]:
    """Returns every part but the infinite bounds of operators."""
    parts: list[Node] = []
    todo = [node]
    while todo:
        top = todo.pop()
        parts.append(top)
        ends = (INFINITY, _MINUS_INFINITY)
        todo.extend(arg for arg in top.args if top.kind not in _VALUES or arg not in ends)
    return parts


def resolve_operators(node: Node, effort: Effort) -> Node:
    """Returns the expression with every operator replaced by its value, from the outermost on."""
    if not has_operators(node):
        return node
    if rule := _VALUES.get(node.kind):
        value = rule(node, effort)
        if isinstance(value, float):
            raise Undecided("an infinite value in an expression")
        return constant_node(value)
    if node.kind in ("derivative", "antiderivative"):
        raise Undecided(node.kind)
    return node._replace(args=tuple(resolve_operators(arg, effort) for arg in node.args))


def _at(body: Node, bound: str, digits: int, effort: Effort, weight: int = 1) -> Callable[[Any], Any]:
    """Returns the body as a function of its letter."""
    effort.spend(weight * evaluation_cost(body))
    body = _without_fixed_operators(body, bound, effort)
    plain = not has_operators(body)
    body = _fold_constants(body, bound, digits) if plain else body
    work = weight * evaluation_cost(body)

    def f(x: Any) -> Any:
        node = substitute_symbol(body, bound, x if isinstance(x, Node) else constant_node(x))
        effort.spend(work)
        return precise_value(node if plain else resolve_operators(node, effort), digits)

    return f


def _without_fixed_operators(node: Node, bound: str, effort: Effort) -> Node:
    """Returns the expression with the values of the operators that the letter is not in: they are computed
    once."""
    if not has_operators(node):
        return node
    if not contains_letter(node, bound):
        return resolve_operators(node, effort)
    if node.kind in _VALUES:
        return node
    return node._replace(args=tuple(_without_fixed_operators(arg, bound, effort) for arg in node.args))


def _fold_constants(node: Node, bound: str, digits: int) -> Node:
    """Returns the expression with its constant parts computed, and powers of e without the logarithm of e."""
    if not contains_letter(node, bound):
        return node if node.kind == "constant" else constant_node(precise_value(node, digits))
    if node.kind == "pow" and node.args[0] == Node("sym", "e"):
        return Node("fn", "exp", (_fold_constants(node.args[1], bound, digits),))
    return node._replace(args=tuple(_fold_constants(arg, bound, digits) for arg in node.args))


# -- integrals ----------------------------------------------------------------------
def _integral(node: Node, effort: Effort) -> Any:
    low, high, body = node.args
    if high in (INFINITY, _MINUS_INFINITY) and low in (INFINITY, _MINUS_INFINITY):
        if low == high:
            raise Undecided("no interval")
        halves = (
            _integral(node._replace(args=ends), effort)
            for ends in ((low, number_node(0), body), (number_node(0), high, body))
        )
        return sum(halves)
    if low == INFINITY or high == _MINUS_INFINITY:
        return -_integral(node._replace(args=(high, low, body)), effort)
    inner = _at(body, node.value, quadrature.DIGITS, effort)
    is_complex = any(part == Node("sym", "i") for part in walk_nodes(body))

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
    value = quadrature.nested_over_interval(f, *ends)
    effort.within -= 1
    return value


def _bound(node: Node, effort: Effort) -> Any:
    return real_part(_number(node, quadrature.DIGITS, effort))


# -- limits ----------------------------------------------------------------------
LIMIT_DIGITS = 700
"""enough to cancel five orders of the distance"""
NEAR = (Fraction(137, 113) / 10**100, Fraction(97, 89) / 10**120)
AGREEMENT = 1e-30
ZERO = 1e-28
LARGE = 1e15
GROWTH = 1e4
"""by which something infinite is larger at the second distance"""


def _limit(node: Node, effort: Effort) -> Any:
    goal, body = node.args
    side, bound = node.value
    if has_operators(body) or any(map(_needs_gamma, walk_nodes(body))):
        raise Undecided("a limit of an integral, a sum or a factorial")
    sign = {INFINITY: 1, _MINUS_INFINITY: -1}.get(goal, 0)
    where = _approach_points(resolve_operators(goal, effort), side, sign)
    return _numeric_limit(where, _at(body, bound, LIMIT_DIGITS, effort, IN_A_LIMIT))


def _needs_gamma(node: Node) -> bool:
    """Checks whether `node` is a factorial that is no whole number's: in so many digits it takes longer
    than all the rest."""
    if node.value not in ("factorial", "binomial"):
        return False
    return any(arg.kind != "num" or arg.value.denominator != 1 for arg in node.args)


def _approach_points(goal: Node, side: str, infinite: int) -> list[list[Node]]:
    """Returns the points to look at, one list for each side. infinite: the sign of infinity when the letter
    goes there."""
    if infinite:
        return [[number_node(infinite / distance) for distance in NEAR]]
    signs = {"+": (1,), "-": (-1,)}.get(side, (1, -1))
    return [[subtract_nodes(goal, number_node(-sign * distance)) for distance in NEAR] for sign in signs]


def _numeric_limit(sides: list[list[Node]], at: Callable[[Node], Any]) -> Any:
    """Returns the value, or infinity as a float with its sign, from values so near to the point that an
    analytic expression has its limit there in 50 digits. Raises Undecided.

    Two distances per side must agree, and both sides with each other. A logarithm that tends to infinity, or
    anything else that is slower than a power, changes between them and stays undecided."""
    values = [_settle_limit(*(real_part(at(point)) for point in side)) for side in sides]
    if len(values) == 2 and not _same_limit(*values):
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


def _same_limit(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return left == right
    return abs(left - right) <= AGREEMENT * abs(left) or abs(left) + abs(right) < ZERO


# -- sums ----------------------------------------------------------------------
def _series(node: Node, effort: Effort) -> Any:
    first, last, term = node.args
    if last != INFINITY:
        written = series.with_terms(node)
        if written.kind == "series":
            raise Undecided("no whole bounds")
        return _number(written, quadrature.DIGITS, effort)
    start = series.whole_bound(first)
    f = _at(term, f"bound {series.operator_depth(term)}", infinite_series.DIGITS, effort)
    terms = [
        precise_context(infinite_series.DIGITS).context.convert(f(number_node(start + k)))
        for k in range(infinite_series.TERMS)
    ]
    return (
        infinite_series.sum_series(terms) if node.value == "sum" else infinite_series.multiply_series(terms)
    )


_VALUES: dict[str, Callable[[Node, Effort], Any]] = {
    "integral": _integral,
    "limit": _limit,
    "series": _series,
}
