"""What is exact about integrals and derivatives: derivatives by the rules, constant factors in front, powers
of the letter between finite bounds, and limits of partial sums as infinite sums."""

from __future__ import annotations

from fractions import Fraction

from numerate.answers.budget import spend
from numerate.answers.calculus.derivatives import (
    add,
    differentiate,
    divide,
    holds,
    multiply,
    power,
)
from numerate.answers.exact import rational
from numerate.answers.tree import BINDERS, Node, Undecided, negate, num, substitute, walk

INFINITY = Node("sym", "infinity")
HIGHEST = 200


def has_operators(node: Node) -> bool:
    return any(part.kind in BINDERS for part in walk(node))


def closed(node: Node) -> Node:
    """The expression with all of its operators worked out that can be, exactly."""
    spend(len(node.args))
    if not has_operators(node):
        return node
    args = tuple(map(closed, node.args))
    if node.kind == "series":  # its letter is called by what stands in the term
        return node
    node = node._replace(args=args)
    rule = _RULES.get(node.kind)
    return rule(node) if rule else node


def _derivative(node: Node) -> Node:
    order, bound = node.value
    body, where = node.args
    try:
        return substitute(differentiate(body, bound, order), bound, where)
    except Undecided:
        return node


def _integral(node: Node) -> Node:
    low, high, body = node.args
    scale, rest = _scaled(body, node.value)
    terms = [_power_rule(term, node) for term in (rest.args if rest.kind == "add" else (rest,))]
    if INFINITY not in (*walk(low), *walk(high)) and all(terms):
        return multiply(scale, add(*(term for term in terms if term)))
    return multiply(scale, node._replace(args=(low, high, rest)))


def _power_rule(term: Node, node: Node) -> Node | None:
    """Integrates c x^n where n is a whole number that is not negative, or where n > -1 and no bound is."""
    low, high, _ = node.args
    scale, rest = _scaled(term, node.value)
    degree = _degree(rest, node.value)
    whole = degree is not None and degree.denominator == 1 and degree >= 0
    if degree is None or degree <= -1 or not (whole or all(_not_negative(end) for end in (low, high))):
        return None
    raised = [power(end, num(degree + 1)) for end in (high, low)]
    return multiply(scale, divide(add(raised[0], negate(raised[1])), num(degree + 1)))


def _not_negative(node: Node) -> bool:
    try:
        return rational(node) >= 0
    except Undecided:
        return False


def _degree(node: Node, letter: str) -> Fraction | None:
    if node == num(1):
        return Fraction(0)
    if node.kind == "mul":
        degrees = [_degree(arg, letter) for arg in node.args]
        return None if None in degrees else sum((d for d in degrees if d is not None), Fraction(0))
    if node.kind == "div":
        top, bottom = (_degree(arg, letter) for arg in node.args)
        return None if top is None or bottom is None else top - bottom
    return _exponent(node, Node("sym", letter))


def _exponent(node: Node, letter: Node) -> Fraction | None:
    """Returns the exponent of a power or a root of the letter."""
    if node == letter:
        return Fraction(1)
    if len(node.args) != 2 or node.args[0] != letter or node.kind not in ("pow", "fn"):
        return None
    try:
        exponent = rational(node.args[1])
    except Undecided:
        return None
    if node.kind == "fn":
        return 1 / exponent if node.value == "root" and exponent else None
    return exponent if abs(exponent) < HIGHEST else None


def _scaled(node: Node, letter: str) -> tuple[Node, Node]:
    """Returns (c, f) for c f, where c doesn't hold the letter."""
    if not holds(node, letter):
        return node, num(1)
    if node.kind == "neg":
        scale, rest = _scaled(node.args[0], letter)
        return negate(scale), rest
    if node.kind == "mul":
        parts = [_scaled(arg, letter) for arg in node.args]
        return multiply(*(scale for scale, _ in parts)), multiply(*(rest for _, rest in parts))
    if node.kind == "div":
        (above, top), (below, bottom) = (_scaled(arg, letter) for arg in node.args)
        return divide(above, below), divide(top, bottom)
    return num(1), node


def _antiderivative(node: Node) -> Node:
    scale, rest = _scaled(node.args[0], node.value)
    return multiply(scale, node._replace(args=(rest, node.args[1])))


def _limit(node: Node) -> Node:
    goal, body = node.args
    scale, rest = _scaled(body, node.value[1])
    if not any(part.kind in BINDERS or part.kind == "call" for part in walk(rest)):
        return node
    if goal == INFINITY and rest.kind in ("series", "integral") and _only_last(rest, node.value[1]):
        low, _, term = rest.args
        return multiply(scale, rest._replace(args=(low, INFINITY, term)))
    return multiply(scale, node._replace(args=(goal, rest)))


def _only_last(node: Node, letter: str) -> bool:
    """Returns True when the letter is the upper bound and stands nowhere else."""
    low, high, term = node.args
    return high == Node("sym", letter) and not holds(low, letter) and not holds(term, letter)


_RULES = {
    "derivative": _derivative,
    "integral": _integral,
    "antiderivative": _antiderivative,
    "limit": _limit,
}
