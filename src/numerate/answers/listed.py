"""Members that a list leaves to the reader: `2, 4, \\ldots, 8`."""

from __future__ import annotations

from numerate.answers import exact
from numerate.answers.tree import Node, Undecided, num

MOST_MEMBERS = 200
DOTS = Node("sym", "ldots")


def progression(node: Node) -> Node:
    """`1 + 2 + 3 + \\cdots + 20` with all of its terms. Two terms say too little: `1 + 2 + \\cdots + 64`."""
    return node._replace(args=written_out(node.args)) if node.args.index(DOTS) > 2 else node


def written_out(members: tuple[Node, ...]) -> tuple[Node, ...]:
    """The members with the dots replaced by what an arithmetic progression puts there; as they are where two
    numbers before the dots and those behind them say no such progression."""
    if members.count(DOTS) != 1 or len(members) > MOST_MEMBERS:
        return members
    at = members.index(DOTS)
    try:
        before = [exact.rational(node) for node in members[:at]]
        behind = [exact.rational(node) for node in members[at + 1 :]]
    except Undecided:
        return members
    if len(before) < 2 or not behind:
        return members
    step = before[1] - before[0]
    count = (behind[0] - before[-1]) / step if step else step
    if count.denominator != 1 or not 1 < count < MOST_MEMBERS:
        return members
    whole = [before[0] + k * step for k in range(len(before) + count.numerator + len(behind) - 1)]
    if whole[: len(before)] != before or whole[-len(behind) :] != behind:
        return members
    return tuple(map(num, whole))
