"""What is exact about integrals and derivatives: derivatives by the rules, constant factors in front, powers
of the letter between finite bounds, and limits of partial sums as infinite sums."""

from __future__ import annotations

from numerate.answers.calculus.derivatives import (
    add,
    differentiate,
    divide,
    holds,
    multiply,
    power,
)
from numerate.answers.tree import BINDERS, Node, Undecided, negate, num, substitute, walk

INFINITY = Node("sym", "infinity")
HIGHEST = 200


def has_operators(node: Node) -> bool:
    return any(part.kind in BINDERS for part in walk(node))


def closed(node: Node) -> Node:
    """The expression with all of its operators worked out that can be, exactly."""
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
    """Of c x^n, n a whole number that is no negative one."""
    low, high, _ = node.args
    scale, rest = _scaled(term, node.value)
    degree = _degree(rest, node.value)
    if degree is None:
        return None
    raised = [power(end, num(degree + 1)) for end in (high, low)]
    return multiply(scale, divide(add(raised[0], negate(raised[1])), num(degree + 1)))


def _degree(node: Node, letter: str) -> int | None:
    if node == num(1):
        return 0
    factors = node.args if node.kind == "mul" else (node,)
    total = 0
    for factor in factors:
        base, exponent = factor.args if factor.kind == "pow" else (factor, num(1))
        if base != Node("sym", letter) or exponent.kind != "num" or exponent.value not in range(HIGHEST):
            return None
        total += int(exponent.value)
    return total


def _scaled(node: Node, letter: str) -> tuple[Node, Node]:
    """(c, f) for c f, where c doesn't hold the letter."""
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
    if holds(goal, node.value[1]):
        return node
    if goal == INFINITY and rest.kind in ("series", "integral") and _only_last(rest, node.value[1]):
        low, _, term = rest.args
        return multiply(scale, rest._replace(args=(low, INFINITY, term)))
    return multiply(scale, node._replace(args=(goal, rest)))


def _only_last(node: Node, letter: str) -> bool:
    """True when the letter is the upper bound and stands nowhere else."""
    low, high, term = node.args
    return high == Node("sym", letter) and not holds(low, letter) and not holds(term, letter)


_RULES = {
    "derivative": _derivative,
    "integral": _integral,
    "antiderivative": _antiderivative,
    "limit": _limit,
}
