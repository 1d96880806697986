"""Unions of numeric intervals in one form, in order and what touches merged; their intersections, and
intervals without some points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from numerate.answers.compare.values import same_value
from numerate.answers.expr import numeric
from numerate.answers.expr.tree import Node, Undecided, free_symbols

MOST_PIECES = 40


class End(NamedTuple):
    node: Node
    at: float
    closed: bool


class IntervalPiece(NamedTuple):
    low: End
    high: End


def merge_intervals(node: Node) -> Node | None:
    """Returns the set of numbers that a union of intervals and finite sets is, None for any other or a longer
    one."""
    try:
        pieces = _pieces(node)
    except Undecided:
        return None
    return _union(_join_pieces(pieces)) if len(pieces) <= MOST_PIECES else None


def intersect_sets(nodes: Sequence[Node]) -> Node | None:
    """Returns the intersection of sets of numbers, None where one of them isn't such a set."""
    if not 1 < len(nodes) <= MOST_PIECES:
        return None
    try:
        first, *rest = [_join_pieces(_pieces(node)) for node in nodes]
    except Undecided:
        return None
    for other in rest:
        if len(first) * len(other) > MOST_PIECES**2:
            return None
        first = [p for a in first for b in other if (p := _overlap(a, b))]
    return _union(_join_pieces(first))


def _pieces(node: Node) -> list[IntervalPiece]:
    if node.kind == "union":
        return [piece for arg in node.args for piece in _pieces(arg)]
    if free_symbols(node) - {"infinity"} or len(node.args) > MOST_PIECES:
        raise Undecided("a set with letters")
    if node.kind == "set":
        points = [End(arg, numeric.approximate_value(arg), True) for arg in node.args]
        return [IntervalPiece(point, point) for point in points]
    if node.kind != "tuple" or len(node.args) != 2:
        raise Undecided("no set of numbers")
    low, high = (_end(arg, b in "[]") for arg, b in zip(node.args, node.value, strict=True))
    if low.at > high.at or (_order(low, high) == 0 and not (low.closed and high.closed)):
        raise Undecided("an interval that ends before it begins")
    return [IntervalPiece(low, high)]


def _end(node: Node, closed: bool) -> End:
    at = numeric.extended_value(node)
    return End(node, at, closed and math.isfinite(at))


def _order(a: End, b: End) -> int:
    """Returns -1, 0 or 1 for a below, at or above b."""
    near = a.at == b.at or abs(a.at - b.at) <= 1e-9 * (1 + abs(a.at))
    if near and (a.node == b.node or same_value(a.node, b.node)):
        return 0
    return -1 if a.at < b.at else 1


def _join_pieces(pieces: list[IntervalPiece]) -> list[IntervalPiece]:
    joined: list[IntervalPiece] = []
    for piece in sorted(pieces, key=lambda p: (p.low.at, not p.low.closed)):
        last = joined[-1] if joined else None
        order = _order(piece.low, last.high) if last else 1
        if last is None or order > 0 or (order == 0 and not (piece.low.closed or last.high.closed)):
            joined.append(piece)
            continue
        low = piece.low if piece.low.closed and _order(piece.low, last.low) == 0 else last.low
        joined[-1] = IntervalPiece(low, _farther(last.high, piece.high))
    return joined


def _farther(a: End, b: End) -> End:
    order = _order(a, b)
    if order == 0:
        return a if a.closed else b
    return a if order > 0 else b


def _nearer(a: End, b: End, sign: int) -> End:
    """Returns the end that leaves less: the larger of two lower ends (sign 1), the smaller of two upper ones
    (-1)."""
    order = sign * _order(a, b)
    if order == 0:
        return b if a.closed else a
    return a if order > 0 else b


def _overlap(a: IntervalPiece, b: IntervalPiece) -> IntervalPiece | None:
    low, high = _nearer(a.low, b.low, 1), _nearer(a.high, b.high, -1)
    order = _order(low, high)
    if order > 0 or (order == 0 and not (low.closed and high.closed)):
        return None
    return IntervalPiece(low, high)


def _union(pieces: list[IntervalPiece]) -> Node:
    parts = tuple(map(_interval_node, pieces))
    return Node("union", None, parts) if len(parts) != 1 else parts[0]


def _interval_node(piece: IntervalPiece) -> Node:
    if _order(piece.low, piece.high) == 0:
        return Node("set", None, (piece.low.node,))
    brackets = ("[" if piece.low.closed else "(") + ("]" if piece.high.closed else ")")
    return Node("tuple", brackets, (piece.low.node, piece.high.node))


# -- without some points ----------------------------------------------------------------------
MOST_POINTS = 20


def subtract_points(node: Node) -> Node:
    """Returns `(a, b) \\setminus {p, q}` as a union of intervals; anything else as it is."""
    if node.kind == "call" and node.value == "setminus" and len(node.args) == 2:
        whole, removed = node.args
        removed = Node("set", None, (removed,)) if removed.kind in ("num", "neg") else removed
    elif node.kind == "add" and len(node.args) == 2 and node.args[1].kind == "neg":
        whole, removed = node.args[0], node.args[1].args[0]
    else:
        return node
    if whole.kind != "tuple" or len(whole.args) != 2 or removed.kind != "set" or not removed.args:
        return node
    return _remove_points(whole, removed.args) or node


def _remove_points(whole: Node, points: tuple[Node, ...]) -> Node | None:
    if len(points) > MOST_POINTS or any(free_symbols(p) for p in points):
        return None
    try:
        ordered = sorted(points, key=numeric.approximate_value)
        low, high = map(numeric.extended_value, whole.args)
        if not all(low < numeric.approximate_value(p) < high for p in ordered):
            return None
    except Undecided:
        return None
    ends = [whole.args[0], *ordered, whole.args[1]]
    opens = [whole.value[0], *["("] * len(points)]
    closes = [*[")"] * len(points), whole.value[1]]
    return Node("union", None, tuple(
        Node("tuple", opens[k] + closes[k], (ends[k], ends[k + 1])) for k in range(len(ends) - 1)
    ))  # fmt: skip
