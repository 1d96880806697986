"""Plus-minus written out: `1 \\pm 2` is two values, `\\pm 1 \\pm 2` four, `(\\pm 3, 0)` two points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from numerate.answers.expr.tree import Node, negate_node, walk_nodes

Different = Callable[[Iterable[Node]], tuple[Node, ...]]
MOST_SIGNS = 4
_CARRIES = frozenset({"pm", "add", "mul", "div", "neg", "rel"})


def spread_plus_minus(node: Node, different: Different) -> Node:
    """Returns the list of values of an expression with plus-minus; anything else as it is. different: keeps
    one of equal members."""
    if node.kind == "tuple":
        return _points(node) or node
    if node.kind == "mod" and _has_sign(node.args[0]):
        first, *rest = different(
            node._replace(args=(choose_sign(node.args[0], s), node.args[1])) for s in (1, -1)
        )
        return Node("list", None, (first, *rest)) if rest else first
    if not _has_sign(node):
        return node
    signs = list(_signs(node))
    if len(signs) == 1 or not _independent(node, signs):
        return Node("list", None, (choose_sign(node, 1), choose_sign(node, -1)))
    if len(signs) > MOST_SIGNS:
        return node
    values = [_choose_signs(node, list(choice)) for choice in product((1, -1), repeat=len(signs))]
    return Node("list", None, different(values))


def _points(node: Node) -> Node | None:
    """Returns a point with one sign in it, or with a plus-minus and a minus-plus; two plus-minus leave open
    which points are meant."""
    if node.value != "()" or not any(map(_has_sign, node.args)):
        return None
    signs = [sign for arg in node.args for sign in _signs(arg)]
    if len(signs) > 1 and set(signs) == {1}:
        return None
    points = (node._replace(args=tuple(choose_sign(arg, sign) for arg in node.args)) for sign in (1, -1))
    return Node("list", None, tuple(points))


def _has_sign(node: Node) -> bool:
    """Checks whether a plus-minus stands outside of brackets that hold several members."""
    return node.kind == "pm" or (node.kind in _CARRIES and any(map(_has_sign, node.args)))


def _signs(node: Node) -> Iterable[int]:
    if node.kind == "pm":
        yield node.value
    if node.kind in _CARRIES:
        for arg in node.args:
            yield from _signs(arg)


def _independent(node: Node, signs: list[int]) -> bool:
    """Checks whether signs are independent: a minus-plus goes with the plus-minus before it, and so do signs
    on two sides of an equation."""
    if node.kind == "rel" and sum(any(n.kind == "pm" for n in walk_nodes(arg)) for arg in node.args) > 1:
        return False
    return set(signs) == {1}


def choose_sign(node: Node, sign: int) -> Node:
    """Returns the expression with every plus-minus read as `sign`, every minus-plus as its opposite."""
    if node.kind == "pm":
        inner = choose_sign(node.args[0], sign)
        return inner if node.value * sign > 0 else negate_node(inner)
    if node.kind not in _CARRIES:
        return node
    return node._replace(args=tuple(choose_sign(arg, sign) for arg in node.args))


def _choose_signs(node: Node, signs: list[int]) -> Node:
    """Returns the expression with these signs, in order, and removes them from the list."""
    if node.kind not in _CARRIES:
        return node
    sign = signs.pop(0) if node.kind == "pm" else 1
    args = tuple(_choose_signs(arg, signs) for arg in node.args)
    if node.kind != "pm":
        return node._replace(args=args)
    return args[0] if sign > 0 else negate_node(args[0])
