"""The derivative of an expression by one letter: the rules of the textbook, within a bound of nodes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from numerate.answers.budget import spend_steps
from numerate.answers.expr.tree import (
    Node,
    Undecided,
    negate_node,
    number_node,
    substitute_symbol,
    walk_nodes,
)

MOST_NODES = 1_500
"""of one derivative"""
ZERO, ONE, TWO = number_node(0), number_node(1), number_node(2)
_E = Node("sym", "e")


def differentiate(node: Node, letter: str, order: int = 1) -> Node:
    """Differentiates `order` times. Raises Undecided for functions without a rule here, and for derivatives
    that grow too long."""
    for _ in range(order):
        node = _derivative(node, letter)
        size = sum(1 for _ in islice(walk_nodes(node), MOST_NODES + 1))
        spend_steps(size)
        if size > MOST_NODES:
            raise Undecided("a long derivative")
    return node


def contains_letter(node: Node, letter: str) -> bool:
    return any(part.kind == "sym" and part.value == letter for part in walk_nodes(node))


def _derivative(node: Node, letter: str) -> Node:
    spend_steps()
    if not contains_letter(node, letter):
        return ZERO
    rule = _RULES.get(node.kind)
    if rule is None:
        raise Undecided(f"no derivative of {node.kind}")
    return rule(node, letter)


# -- building ----------------------------------------------------------------------
def add_terms(*terms: Node) -> Node:
    kept = tuple(term for term in terms if term != ZERO)
    return kept[0] if len(kept) == 1 else Node("add", None, kept) if kept else ZERO


def multiply_factors(*factors: Node) -> Node:
    if ZERO in factors:
        return ZERO
    kept = tuple(factor for factor in factors if factor != ONE)
    return kept[0] if len(kept) == 1 else Node("mul", None, kept) if kept else ONE


def divide_nodes(top: Node, bottom: Node) -> Node:
    return ZERO if top == ZERO else top if bottom == ONE else Node("div", None, (top, bottom))


def raise_power(base: Node, exponent: Node) -> Node:
    return base if exponent == ONE else Node("pow", None, (base, exponent))


def apply_function(name: str, *arguments: Node) -> Node:
    return Node("fn", name, arguments)


# -- rules ----------------------------------------------------------------------
def _sum(node: Node, letter: str) -> Node:
    return add_terms(*(_derivative(arg, letter) for arg in node.args))


def _product(node: Node, letter: str) -> Node:
    terms: list[Node] = []
    for k, arg in enumerate(node.args):
        inner = _derivative(arg, letter)
        terms.append(multiply_factors(*node.args[:k], inner, *node.args[k + 1 :]))
    return add_terms(*terms)


def _quotient(node: Node, letter: str) -> Node:
    top, bottom = node.args
    if not contains_letter(bottom, letter):
        return divide_nodes(_derivative(top, letter), bottom)
    first = multiply_factors(_derivative(top, letter), bottom)
    second = multiply_factors(top, _derivative(bottom, letter))
    return divide_nodes(add_terms(first, negate_node(second)), raise_power(bottom, TWO))


def _power(node: Node, letter: str) -> Node:
    base, exponent = node.args
    inner = _derivative(base, letter)
    if not contains_letter(exponent, letter):
        return multiply_factors(exponent, raise_power(base, add_terms(exponent, number_node(-1))), inner)
    rate = _derivative(exponent, letter)
    if base == _E:
        return multiply_factors(node, rate)
    logarithmic = add_terms(
        multiply_factors(rate, apply_function("ln", base)),
        divide_nodes(multiply_factors(exponent, inner), base),
    )
    return multiply_factors(node, logarithmic)


def _function(node: Node, letter: str) -> Node:
    argument, *rest = node.args
    rule = _FUNCTIONS.get(node.value)
    if rule is None or any(contains_letter(arg, letter) for arg in rest):
        raise Undecided(f"no derivative of {node.value}")
    return multiply_factors(rule(argument, *rest), _derivative(argument, letter))


def _root(u: Node, degree: Node) -> Node:
    return divide_nodes(apply_function("root", u, degree), multiply_factors(degree, u))


def _logarithm(u: Node, base: Node | None = None) -> Node:
    return divide_nodes(
        ONE, multiply_factors(u, apply_function("ln", number_node(10) if base is None else base))
    )


def _one_over_root(sign: int, square: int) -> Callable[[Node], Node]:
    """Returns 1 / sqrt(sign + square u^2)."""

    def rule(u: Node) -> Node:
        inside = add_terms(number_node(sign), multiply_factors(number_node(square), raise_power(u, TWO)))
        return divide_nodes(ONE, apply_function("root", inside, TWO))

    return rule


def _arc_tangent(sign: int) -> Callable[[Node], Node]:
    return lambda u: divide_nodes(
        ONE, add_terms(ONE, multiply_factors(number_node(sign), raise_power(u, TWO)))
    )


def _negative(rule: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda u: negate_node(rule(u))


def _secant(u: Node) -> Node:
    return multiply_factors(apply_function("sec", u), apply_function("tan", u))


def _cosecant(u: Node) -> Node:
    return negate_node(multiply_factors(apply_function("csc", u), apply_function("cot", u)))


def _of(name: str) -> Callable[[Node], Node]:
    return lambda u: apply_function(name, u)


def _inverse_square(name: str) -> Callable[[Node], Node]:
    return lambda u: raise_power(apply_function(name, u), number_node(-2))


def _reciprocal(u: Node) -> Node:
    return divide_nodes(ONE, u)


def _absolute(u: Node) -> Node:
    return divide_nodes(u, apply_function("abs", u))


_FUNCTIONS: dict[str, Callable[..., Node]] = {
    "sin": _of("cos"),
    "cos": _negative(_of("sin")),
    "tan": _inverse_square("cos"),
    "cot": _negative(_inverse_square("sin")),
    "sec": _secant,
    "csc": _cosecant,
    "sinh": _of("cosh"),
    "cosh": _of("sinh"),
    "tanh": _inverse_square("cosh"),
    "exp": _of("exp"),
    "ln": _reciprocal,
    "log": _logarithm,
    "lg": _logarithm,
    "root": _root,
    "abs": _absolute,
    **dict.fromkeys(("arcsin", "asin"), _one_over_root(1, -1)),
    **dict.fromkeys(("arccos", "acos"), _negative(_one_over_root(1, -1))),
    **dict.fromkeys(("arctan", "atan"), _arc_tangent(1)),
    "asinh": _one_over_root(1, 1),
    "acosh": _one_over_root(-1, 1),
    "atanh": _arc_tangent(-1),
}


def _integral(node: Node, letter: str) -> Node:
    """Differentiates an integral by its bounds and under the integral sign (Leibniz)."""
    low, high, body = node.args
    upper, lower = (
        multiply_factors(substitute_symbol(body, node.value, end), _derivative(end, letter))
        for end in (high, low)
    )
    inside = _derivative(body, letter)
    under = node._replace(args=(low, high, inside)) if inside != ZERO else ZERO
    return add_terms(upper, negate_node(lower), under)


def _antiderivative(node: Node, letter: str) -> Node:
    body, written = node.args
    if written.value != letter:
        raise Undecided("an antiderivative in another letter")
    return substitute_symbol(body, node.value, written)


_RULES: dict[str, Callable[[Node, str], Node]] = {
    "sym": lambda node, letter: ONE,
    "add": _sum,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "neg": lambda node, letter: negate_node(_derivative(node.args[0], letter)),
    "percent": lambda node, letter: divide_nodes(_derivative(node.args[0], letter), number_node(100)),
    "fn": _function,
    "integral": _integral,
    "antiderivative": _antiderivative,
}
