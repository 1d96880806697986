"""Exact forms of integrals and derivatives: derivatives by the rules, constant factors in front, powers of
the letter between finite bounds, and limits of partial sums as infinite sums."""

from __future__ import annotations

from fractions import Fraction

from numerate.answers.budget import spend_steps
from numerate.answers.expr.calculus.derivatives import (
    add_terms,
    contains_letter,
    differentiate,
    divide_nodes,
    multiply_factors,
    raise_power,
)
from numerate.answers.expr.exact import exact_rational
from numerate.answers.expr.tree import (
    BINDERS,
    INFINITY,
    Node,
    Undecided,
    negate_node,
    number_node,
    substitute_symbol,
    walk_nodes,
)

HIGHEST = 200


def has_operators(node: Node) -> bool:
    return any(part.kind in BINDERS for part in walk_nodes(node))


def work_out_operators(node: Node) -> Node:
    """Returns the expression with all of its operators worked out that can be, exactly."""
    spend_steps(len(node.args))
    if not has_operators(node):
        return node
    args = tuple(map(work_out_operators, node.args))
    if node.kind == "series":  # its letter is called by what stands in the term
        return node
    node = node._replace(args=args)
    rule = _RULES.get(node.kind)
    return rule(node) if rule else node


def _derivative(node: Node) -> Node:
    order, bound = node.value
    body, where = node.args
    try:
        return substitute_symbol(differentiate(body, bound, order), bound, where)
    except Undecided:
        return node


def _integral(node: Node) -> Node:
    low, high, body = node.args
    scale, rest = _split_constant(body, node.value)
    terms = [_power_rule(term, node) for term in (rest.args if rest.kind == "add" else (rest,))]
    if INFINITY not in (*walk_nodes(low), *walk_nodes(high)) and all(terms):
        return multiply_factors(scale, add_terms(*(term for term in terms if term)))
    return multiply_factors(scale, node._replace(args=(low, high, rest)))


def _power_rule(term: Node, node: Node) -> Node | None:
    """Integrates c x^n where n is a whole number that is not negative, or where n > -1 and no bound is."""
    low, high, _ = node.args
    scale, rest = _split_constant(term, node.value)
    degree = _degree(rest, node.value)
    whole = degree is not None and degree.denominator == 1 and degree >= 0
    if degree is None or degree <= -1 or not (whole or all(_not_negative(end) for end in (low, high))):
        return None
    raised = [raise_power(end, number_node(degree + 1)) for end in (high, low)]
    return multiply_factors(
        scale, divide_nodes(add_terms(raised[0], negate_node(raised[1])), number_node(degree + 1))
    )


def _not_negative(node: Node) -> bool:
    try:
        return exact_rational(node) >= 0
    except Undecided:
        return False


def _degree(node: Node, letter: str) -> Fraction | None:
    if node == number_node(1):
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
        exponent = exact_rational(node.args[1])
    except Undecided:
        return None
    if node.kind == "fn":
        return 1 / exponent if node.value == "root" and exponent else None
    return exponent if abs(exponent) < HIGHEST else None


def _split_constant(node: Node, letter: str) -> tuple[Node, Node]:
    """Returns (c, f) for c f, where c doesn't hold the letter."""
    if not contains_letter(node, letter):
        return node, number_node(1)
    if node.kind == "neg":
        scale, rest = _split_constant(node.args[0], letter)
        return negate_node(scale), rest
    if node.kind == "mul":
        parts = [_split_constant(arg, letter) for arg in node.args]
        return multiply_factors(*(scale for scale, _ in parts)), multiply_factors(
            *(rest for _, rest in parts)
        )
    if node.kind == "div":
        (above, top), (below, bottom) = (_split_constant(arg, letter) for arg in node.args)
        return divide_nodes(above, below), divide_nodes(top, bottom)
    return number_node(1), node


def _antiderivative(node: Node) -> Node:
    scale, rest = _split_constant(node.args[0], node.value)
    return multiply_factors(scale, node._replace(args=(rest, node.args[1])))


def _limit(node: Node) -> Node:
    goal, body = node.args
    scale, rest = _split_constant(body, node.value[1])
    if not any(part.kind in BINDERS or part.kind == "call" for part in walk_nodes(rest)):
        return node
    if goal == INFINITY and rest.kind in ("series", "integral") and _only_last(rest, node.value[1]):
        low, _, term = rest.args
        return multiply_factors(scale, rest._replace(args=(low, INFINITY, term)))
    return multiply_factors(scale, node._replace(args=(goal, rest)))


def _only_last(node: Node, letter: str) -> bool:
    """Checks whether the letter is the upper bound and stands nowhere else."""
    low, high, term = node.args
    return (
        high == Node("sym", letter) and not contains_letter(low, letter) and not contains_letter(term, letter)
    )


_RULES = {
    "derivative": _derivative,
    "integral": _integral,
    "antiderivative": _antiderivative,
    "limit": _limit,
}
