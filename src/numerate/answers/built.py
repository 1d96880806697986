"""What some notations mean once their parts are read: determinants, derivatives, sets with a condition."""

from __future__ import annotations

from numerate.answers.tree import Node, Unreadable


def determinant(grid: Node) -> Node:
    if len(grid.args) != grid.value**2:
        raise Unreadable("a determinant that is not square")
    return Node("fn", "det", grid.args)


def such_that(member: Node, condition: Node) -> Node:
    """{x | condition}: the condition is the answer. {2k | k in Z} is a family."""
    if member.kind == "sym" or (member.kind == "tuple" and all(arg.kind == "sym" for arg in member.args)):
        return condition
    if condition.kind == "rel" and condition.value == ("in",):
        letter, numbers = condition.args
        if letter.kind == numbers.kind == "sym" and numbers.value in ("Z", "N") and len(letter.value) == 1:
            return Node("family", letter.value + numbers.value, (member,))
    return Node("call", "such that", (member, condition))


def is_differential(node: Node) -> bool:
    """dy, d^2 y, dx^2, \\partial y."""
    if node.kind != "mul" or len(node.args) != 2:
        return False
    return is_d(node.args[0])


def is_d(node: Node) -> bool:
    head = node.args[0] if node.kind == "pow" else node
    return head.kind == "sym" and head.value in ("d", "partial")
