"""The derivative of an expression by one letter: the rules of the textbook, within a bound of nodes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from numerate.answers.budget import spend
from numerate.answers.tree import Node, Undecided, negate, num, substitute, walk

MOST_NODES = 1_500
"""of one derivative"""
ZERO, ONE, TWO = num(0), num(1), num(2)
_E = Node("sym", "e")


def differentiate(node: Node, letter: str, order: int = 1) -> Node:
    """Raises Undecided for functions without a rule here, and for derivatives that grow too long."""
    for _ in range(order):
        node = _derivative(node, letter)
        size = sum(1 for _ in islice(walk(node), MOST_NODES + 1))
        spend(size)
        if size > MOST_NODES:
            raise Undecided("a long derivative")
    return node


def holds(node: Node, letter: str) -> bool:
    return any(part.kind == "sym" and part.value == letter for part in walk(node))


def _derivative(node: Node, letter: str) -> Node:
    spend()
    if not holds(node, letter):
        return ZERO
    rule = _RULES.get(node.kind)
    if rule is None:
        raise Undecided(f"no derivative of {node.kind}")
    return rule(node, letter)


# -- building ----------------------------------------------------------------------
def add(*terms: Node) -> Node:
    kept = tuple(term for term in terms if term != ZERO)
    return kept[0] if len(kept) == 1 else Node("add", None, kept) if kept else ZERO


def multiply(*factors: Node) -> Node:
    if ZERO in factors:
        return ZERO
    kept = tuple(factor for factor in factors if factor != ONE)
    return kept[0] if len(kept) == 1 else Node("mul", None, kept) if kept else ONE


def divide(top: Node, bottom: Node) -> Node:
    return ZERO if top == ZERO else top if bottom == ONE else Node("div", None, (top, bottom))


def power(base: Node, exponent: Node) -> Node:
    return base if exponent == ONE else Node("pow", None, (base, exponent))


def function(name: str, *arguments: Node) -> Node:
    return Node("fn", name, arguments)


# -- rules ----------------------------------------------------------------------
def _sum(node: Node, letter: str) -> Node:
    return add(*(_derivative(arg, letter) for arg in node.args))


def _product(node: Node, letter: str) -> Node:
    terms: list[Node] = []
    for k, arg in enumerate(node.args):
        inner = _derivative(arg, letter)
        terms.append(multiply(*node.args[:k], inner, *node.args[k + 1 :]))
    return add(*terms)


def _quotient(node: Node, letter: str) -> Node:
    top, bottom = node.args
    if not holds(bottom, letter):
        return divide(_derivative(top, letter), bottom)
    first = multiply(_derivative(top, letter), bottom)
    second = multiply(top, _derivative(bottom, letter))
    return divide(add(first, negate(second)), power(bottom, TWO))


def _power(node: Node, letter: str) -> Node:
    base, exponent = node.args
    inner = _derivative(base, letter)
    if not holds(exponent, letter):
        return multiply(exponent, power(base, add(exponent, num(-1))), inner)
    rate = _derivative(exponent, letter)
    if base == _E:
        return multiply(node, rate)
    logarithmic = add(multiply(rate, function("ln", base)), divide(multiply(exponent, inner), base))
    return multiply(node, logarithmic)


def _function(node: Node, letter: str) -> Node:
    argument, *rest = node.args
    rule = _FUNCTIONS.get(node.value)
    if rule is None or any(holds(arg, letter) for arg in rest):
        raise Undecided(f"no derivative of {node.value}")
    return multiply(rule(argument, *rest), _derivative(argument, letter))


def _root(u: Node, degree: Node) -> Node:
    return divide(function("root", u, degree), multiply(degree, u))


def _logarithm(u: Node, base: Node | None = None) -> Node:
    return divide(ONE, multiply(u, function("ln", num(10) if base is None else base)))


def _one_over_root(sign: int, square: int) -> Callable[[Node], Node]:
    """Returns 1 / sqrt(sign + square u^2)."""

    def rule(u: Node) -> Node:
        inside = add(num(sign), multiply(num(square), power(u, TWO)))
        return divide(ONE, function("root", inside, TWO))

    return rule


def _arc_tangent(sign: int) -> Callable[[Node], Node]:
    return lambda u: divide(ONE, add(ONE, multiply(num(sign), power(u, TWO))))


def _negative(rule: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda u: negate(rule(u))


def _secant(u: Node) -> Node:
    return multiply(function("sec", u), function("tan", u))


def _cosecant(u: Node) -> Node:
    return negate(multiply(function("csc", u), function("cot", u)))


def _of(name: str) -> Callable[[Node], Node]:
    return lambda u: function(name, u)


def _inverse_square(name: str) -> Callable[[Node], Node]:
    return lambda u: power(function(name, u), num(-2))


def _reciprocal(u: Node) -> Node:
    return divide(ONE, u)


def _absolute(u: Node) -> Node:
    return divide(u, function("abs", u))


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
        multiply(substitute(body, node.value, end), _derivative(end, letter)) for end in (high, low)
    )
    inside = _derivative(body, letter)
    under = node._replace(args=(low, high, inside)) if inside != ZERO else ZERO
    return add(upper, negate(lower), under)


def _antiderivative(node: Node, letter: str) -> Node:
    body, written = node.args
    if written.value != letter:
        raise Undecided("an antiderivative in another letter")
    return substitute(body, node.value, written)


_RULES: dict[str, Callable[[Node, str], Node]] = {
    "sym": lambda node, letter: ONE,
    "add": _sum,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "neg": lambda node, letter: negate(_derivative(node.args[0], letter)),
    "percent": lambda node, letter: divide(_derivative(node.args[0], letter), num(100)),
    "fn": _function,
    "integral": _integral,
    "antiderivative": _antiderivative,
}
