"""Degrees: 45 degrees are 45 where the other side leaves the sign out, and pi/4."""

from __future__ import annotations

from numerate.answers.expr.tree import Node, number_node

_DEGREE = Node("div", None, (Node("sym", "pi"), number_node(180)))


def without_degrees(node: Node) -> Node:
    """Returns the tree with the signs left out."""
    if node.kind == "degree":
        return without_degrees(node.args[0])
    return node._replace(args=tuple(map(without_degrees, node.args))) if node.args else node


def in_radians(node: Node) -> Node:
    """Returns the tree with what is in degrees in radians. Beside a degree in a sum, bare numbers are degrees
    too."""
    if node.kind == "degree":
        return Node("mul", None, (without_degrees(node.args[0]), _DEGREE))
    if not node.args:
        return node
    args = tuple(map(in_radians, node.args))
    if node.kind == "add" and args != node.args:
        args = tuple(Node("mul", None, (arg, _DEGREE)) if _bare(arg) else arg for arg in args)
    return node._replace(args=args)


def _bare(node: Node) -> bool:
    return node.kind == "num" or (node.kind == "neg" and node.args[0].kind == "num")
