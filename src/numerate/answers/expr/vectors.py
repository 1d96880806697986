"""Vectors as sums of i, j, k."""

from __future__ import annotations

from numerate.answers.expr.tree import Node, free_symbols, negate_node, number_node

_AXES = ("i", "j", "k")


def vector_components(node: Node, size: int) -> tuple[Node, ...] | None:
    """The components of `2i - j + k`; None for what is no such sum, or has no j and no k (3i is a number)."""
    terms = node.args if node.kind == "add" else (node,)
    factors_of: list[list[Node]] = [[] for _ in _AXES]
    for term in terms:
        axis, factor = _split_term(term)
        if axis is None:
            return None
        factors_of[axis].append(factor)
    if size not in (2, 3) or not (factors_of[1] or factors_of[2]) or (size == 2 and factors_of[2]):
        return None
    return tuple(_total(factors) for factors in factors_of[:size])


def _split_term(term: Node) -> tuple[int | None, Node]:
    """(which axis, the factor before it) of one term."""
    if term.kind == "neg":
        axis, factor = _split_term(term.args[0])
        return axis, negate_node(factor)
    if term.kind == "sym" and term.value in _AXES:
        return _AXES.index(term.value), number_node(1)
    if term.kind != "mul" or term.args[-1].kind != "sym" or term.args[-1].value not in _AXES:
        return None, term
    rest = Node("mul", None, term.args[:-1])
    if any(arg == Node("sym", "i") for arg in rest.args) or free_symbols(rest) & {"j", "k"}:
        return None, term
    return _AXES.index(term.args[-1].value), rest


def _total(factors: list[Node]) -> Node:
    return Node("add", None, tuple(factors)) if factors else number_node(0)
