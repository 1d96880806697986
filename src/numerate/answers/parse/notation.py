"""Meaning of notations whose parts are parsed: determinants, derivatives, sets with a condition."""

from __future__ import annotations

from math import ceil, floor

from numerate.answers.expr import exact
from numerate.answers.expr.tree import (
    Node,
    Undecided,
    Unreadable,
    free_symbols,
    negate_node,
    number_node,
    substitute_symbol,
    walk_nodes,
)

IMAGINARY = Node("sym", "i")
MOST_PARTS = 200
MOST_DOUBLE = 600
"""of a double factorial"""


def determinant_node(grid: Node) -> Node:
    if len(grid.args) != grid.value**2:
        raise Unreadable("a determinant that is not square")
    return Node("fn", "det", grid.args)


_ARITHMETIC = frozenset({"num", "sym", "add", "mul", "div", "neg", "pow"})


def conjugate_node(node: Node) -> Node | None:
    """Returns the conjugate of a number such as 2 + 3i; None for anything else that has a bar over it."""
    parts = list(walk_nodes(node))
    whole = all(n.kind in _ARITHMETIC and (n.kind != "pow" or n.args[1].kind == "num") for n in parts)
    if not whole or free_symbols(node) or not any(n == IMAGINARY for n in parts) or len(parts) > MOST_PARTS:
        return None
    return substitute_symbol(node, "i", negate_node(IMAGINARY))


def _whole_numbers(member: Node, condition: Node) -> Node | None:
    r"""Returns {x in Z | 1 <= x <= 3}, written out; None where the bounds are no numbers or far from each
    other."""
    if member.kind != "rel" or member.value != ("in",) or condition.kind != "rel" or len(condition.args) != 3:
        return None
    letter, numbers = member.args
    low, middle, high = condition.args
    if numbers.kind != "sym" or numbers.value not in ("Z", "N") or letter.kind != "sym" or middle != letter:
        return None
    signs = condition.value
    if not set(signs) <= {"<", "<="}:
        return None
    try:
        first, last = exact.exact_rational(low), exact.exact_rational(high)
    except Undecided:
        return None
    start = floor(first) + 1 if signs[0] == "<" else ceil(first)
    stop = ceil(last) - 1 if signs[1] == "<" else floor(last)
    if numbers.value == "N" and start < 1:  # whether 0 is natural is left open
        return None
    return (
        Node("set", None, tuple(map(number_node, range(start, stop + 1))))
        if 0 < stop - start < MOST_PARTS
        else None
    )


def such_that(member: Node, condition: Node) -> Node:
    """Reads {x | condition}: the condition is the answer. {2k | k in Z} is a family."""
    if listed := _whole_numbers(member, condition):
        return listed
    if member.kind == "sym" or (member.kind == "tuple" and all(arg.kind == "sym" for arg in member.args)):
        return condition
    if condition.kind == "rel" and condition.value == ("in",):
        letter, numbers = condition.args
        if letter.kind == numbers.kind == "sym" and numbers.value in ("Z", "N") and len(letter.value) == 1:
            return Node("family", letter.value + numbers.value, (member,))
    return Node("call", "such that", (member, condition))


def is_differential(node: Node) -> bool:
    """Checks whether `node` is dy, d^2 y, dx^2, \\partial y."""
    if node.kind != "mul" or len(node.args) != 2:
        return False
    return is_d(node.args[0])


def is_d(node: Node) -> bool:
    head = node.args[0] if node.kind == "pow" else node
    return head.kind == "sym" and head.value in ("d", "partial")


def double_factorial(node: Node) -> Node:
    """Returns (2n)!! as 2^n n! and (2n - 1)!! as (2n)! / (2^n n!); only of what is seen to be even or odd."""
    value = _split_double(node)
    if value is None:
        raise Unreadable("a double factorial of neither an even nor an odd number")
    half, odd = value
    even = Node("mul", None, (Node("pow", None, (number_node(2), half)), Node("fn", "factorial", (half,))))
    if not odd:
        return even
    return Node("div", None, (Node("fn", "factorial", (Node("mul", None, (number_node(2), half)),)), even))


def _split_double(node: Node) -> tuple[Node, bool] | None:
    """Returns (m, False) for 2m and (m, True) for 2m - 1."""
    if node.kind == "num" and node.value.denominator == 1 and 0 <= node.value <= MOST_DOUBLE:
        odd = bool(node.value % 2)
        return number_node((node.value + odd) / 2), odd
    if (
        node.kind == "mul"
        and len(node.args) == 2
        and node.args[0] == number_node(2)
        and node.args[1].kind == "sym"
    ):
        return node.args[1], False
    if node.kind == "add" and len(node.args) == 2 and node.args[1].kind == "num":
        even, shift = _split_double(node.args[0]), node.args[1].value
        if even and not even[1] and abs(shift) == 1:
            half = even[0] if shift < 0 else Node("add", None, (even[0], number_node(1)))
            return half, True
    return None
