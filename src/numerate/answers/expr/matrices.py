"""Sums, products and powers of matrices, worked out, and vectors as sums of i, j, k. A matrix is read with
its entries by rows."""

from __future__ import annotations

from numerate.answers.expr import exact
from numerate.answers.expr.tree import Node, Undecided, free_symbols, negate_node, number_node, walk_nodes

MOST_ENTRIES = 64
MOST_NODES = 600
"""of the result: products of letters grow"""
DEEPEST = 10
HIGHEST = 6
"""power"""
_KINDS = frozenset({"add", "mul", "neg", "pow", "div"})


def evaluate_matrices(node: Node) -> Node:
    """Returns the value of an expression in matrices; anything else, and what isn't defined, as it is."""
    if node.kind not in _KINDS or not _holds_matrix(node, 2):
        return node
    try:
        matrix = _value(node)
    except Undecided:
        return node
    if len(matrix.args) == 1 and matrix.kind == "matrix":
        return matrix.args[0]
    return matrix if sum(1 for _ in walk_nodes(matrix)) <= MOST_NODES else node


def _holds_matrix(node: Node, depth: int = DEEPEST) -> bool:
    """Checks whether a matrix stands in an expression, at most `levels` below it."""
    for arg in node.args:
        if arg.kind == "matrix" or (depth and arg.kind in _KINDS and _holds_matrix(arg, depth - 1)):
            return True
    return False


def _value(node: Node) -> Node:
    if node.kind == "matrix" or node.kind not in _KINDS or not _holds_matrix(node):
        if len(node.args) > MOST_ENTRIES:
            raise Undecided("a large matrix")
        return node
    if node.kind == "pow":
        return _power(*node.args)
    first, *rest = map(_value, node.args)
    if node.kind == "neg":
        return _times(number_node(-1), first)
    if node.kind == "div":
        return _times(Node("div", None, (number_node(1), rest[0])), first)
    for other in rest:
        first = _plus(first, other) if node.kind == "add" else _times(first, other)
    return first


def _plus(a: Node, b: Node) -> Node:
    if a.kind != "matrix" or b.kind != "matrix" or (a.value, len(a.args)) != (b.value, len(b.args)):
        raise Undecided("matrices of different sizes")
    return a._replace(args=tuple(_simple("add", pair) for pair in zip(a.args, b.args, strict=True)))


def _times(a: Node, b: Node) -> Node:
    if a.kind != "matrix" and b.kind != "matrix":
        return Node("mul", None, (a, b))
    if a.kind != "matrix" or b.kind != "matrix":
        scale, matrix = (b, a) if a.kind == "matrix" else (a, b)
        return matrix._replace(args=tuple(_simple("mul", (scale, entry)) for entry in matrix.args))
    inner = a.value
    if len(b.args) != inner * b.value:
        raise Undecided("matrices that can't be multiplied")
    rows = [a.args[start : start + inner] for start in range(0, len(a.args), inner)]
    columns = [b.args[start :: b.value] for start in range(b.value)]
    return Node("matrix", b.value, tuple(_inner(row, column) for row in rows for column in columns))


def _inner(row: tuple[Node, ...], column: tuple[Node, ...]) -> Node:
    return _simple("add", tuple(Node("mul", None, pair) for pair in zip(row, column, strict=True)))


def _power(base: Node, exponent: Node) -> Node:
    matrix = _value(base)
    if matrix.kind == "matrix" and exponent.kind == "sym" and exponent.value in ("T", "top", "intercal"):
        width = matrix.value
        return Node("matrix", len(matrix.args) // width, tuple(
            matrix.args[k] for column in range(width) for k in range(column, len(matrix.args), width)
        ))  # fmt: skip
    if exponent.kind != "num" or not 1 <= exponent.value <= HIGHEST or exponent.value.denominator != 1:
        raise Undecided("no small power")
    total = matrix
    for _ in range(int(exponent.value) - 1):
        total = _times(total, matrix)
    return total


def _simple(kind: str, parts: tuple[Node, ...]) -> Node:
    """Returns the sum or product, as a number where it is one."""
    node = parts[0] if len(parts) == 1 else Node(kind, None, parts)
    try:
        return number_node(exact.exact_rational(node))
    except Undecided:
        return node


# -- vectors ----------------------------------------------------------------------
_AXES = ("i", "j", "k")


def vector_components(node: Node, size: int) -> tuple[Node, ...] | None:
    """Returns the components of `2i - j + k`; None for what is no such sum, or has no j and no k (3i is a
    number)."""
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
    """Returns (which axis, the factor before it) of one term."""
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
