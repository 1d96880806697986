"""Sets of real numbers written with a minus: the line, or an interval, without some points."""

from __future__ import annotations

from numerate.answers.expr import numeric
from numerate.answers.expr.tree import Node, Undecided, free_symbols

MOST_POINTS = 20


def subtract_points(node: Node) -> Node:
    """`(a, b) \\setminus {p, q}` as a union of intervals; anything else as it is."""
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
        low, high = (_bound(end) for end in whole.args)
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


def _bound(end: Node) -> float:
    sign = -1.0 if end.kind == "neg" else 1.0
    inner = end.args[0] if end.kind == "neg" else end
    return sign * float("inf") if inner == Node("sym", "infinity") else numeric.approximate_value(end)
