"""Comparison of structures: lists, tuples, intervals, matrices, relations. `values` compares the leaves.

Everything is compared both ways round the same, so that the order of the two sides doesn't matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from numerate.answers.budget import spend_steps
from numerate.answers.compare import cases, intervals, parametric, relations
from numerate.answers.compare.values import same_value
from numerate.answers.expr import exact, matrices, plus_minus
from numerate.answers.expr.tree import Node, Undecided, number_node

MOST_MEMBERS = 200
DOTS = Node("sym", "ldots")


def expand_progression(node: Node) -> Node:
    """Returns `1 + 2 + 3 + \\cdots + 20` with all of its terms. Two terms say too little: `1 + 2 + \\cdots +
    64`."""
    return node._replace(args=written_out(node.args)) if node.args.index(DOTS) > 2 else node


def written_out(members: tuple[Node, ...]) -> tuple[Node, ...]:
    """Returns the members with the dots replaced by the terms of an arithmetic progression; unchanged where
    two numbers before the dots and those behind them do not define one."""
    if members.count(DOTS) != 1 or len(members) > MOST_MEMBERS:
        return members
    at = members.index(DOTS)
    try:
        before = [exact.exact_rational(node) for node in members[:at]]
        behind = [exact.exact_rational(node) for node in members[at + 1 :]]
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
    return tuple(map(number_node, whole))


_RANK = ("string", "number", "structure", "symbolic")
MOST_PAIRS = 4_000
"""comparisons of members when no order is given"""
MOST_UNITED = 60


def same_structure(left: Node, right: Node) -> str | None:
    """Returns the highest rung at which they are equal, or None."""
    spend_steps(2 + len(left.args) + len(right.args))
    if left == right:
        return "number" if left.kind == "num" else "structure"
    left, right = settle_node(left), settle_node(right)
    if "mod" in (left.kind, right.kind):
        return relations.same_residues(left, right, same_structure)
    if left.kind == "rel" or right.kind == "rel":
        return relations.same_relation(left, right, same_structure)
    return _same_unrelated(left, right)


def _same_unrelated(left: Node, right: Node) -> str | None:
    kinds = {left.kind, right.kind}
    if "cases" in kinds:
        return cases.same_cases(left, right, same_structure)
    if "family" in kinds:
        return parametric.same_family(left, right, same_structure)
    if "element" in kinds:
        return _same_members(left.args[0], right.args[0]) if left.kind == right.kind else None
    if "matrix" in kinds:
        return _same_matrix(left, right)
    if kinds & {"set", "list"}:
        return _same_members(left, right)
    if "union" in kinds:
        return _same_unions(left, right)
    if kinds & {"tuple", "ratio"}:
        return _same_tuple(left, right)
    return same_value(left, right)


_CLASSES = frozenset({"set", "union"})


def settle_node(node: Node) -> Node:
    """Returns a signed matrix, a plus-minus, or a set of one member, written out."""
    if node.kind in ("set", "list") and len(node.args) == 1 and node.args[0].kind not in _CLASSES:
        return settle_node(node.args[0])
    if (matrix := matrices.evaluate_matrices(node)) is not node:
        return matrix
    if node.kind in ("union", "set", "list", "mul") and (plain := _plainly(node)) is not node:
        return plain
    if node.kind == "call" and node.value == "cap" and (both := intervals.intersect_sets(node.args)):
        return both
    if node.kind in ("call", "add") and (apart := intervals.subtract_points(node)) is not node:
        return apart
    if node.kind == "add" and DOTS in node.args:
        return expand_progression(node)
    return plus_minus.spread_plus_minus(node, _different)


def _plainly(node: Node) -> Node:
    """Returns the answer with dots written out, conditions joined by "and" as one set, finite sets united,
    A(3, 4) as A = (3, 4)."""
    if node.kind == "mul":
        name, *rest = node.args
        point = len(rest) == 1 and rest[0].kind == "tuple" and rest[0].value == "()"
        return Node("rel", ("=",), node.args) if point and _is_point_name(name) else node
    if node.kind == "union":
        if all(arg.kind == "set" for arg in node.args):
            return Node("set", None, _different(arg for part in node.args for arg in part.args))
        return node
    if node.kind == "list" and node.value not in ("or", "lor") and (both := relations.as_intersection(node)):
        return both
    members = written_out(node.args)
    return node._replace(args=members) if members is not node.args else node


def _is_point_name(node: Node) -> bool:
    return node.kind == "sym" and re.fullmatch(r"[A-Z](_\w{1,3})?", node.value) is not None


def _different(members: Iterable[Node]) -> tuple[Node, ...]:
    distinct: list[Node] = []
    for member in members:
        if len(distinct) > MOST_UNITED or not any(same_structure(member, other) for other in distinct):
            distinct.append(member)
    return tuple(distinct)


def _members(node: Node) -> list[Node]:
    """Returns the members of a set or a list; sets inside a list are one solution each."""
    members: list[Node] = []
    for arg in node.args if node.kind in ("set", "list") else (node,):
        if node.kind == "set" and arg.kind in _CLASSES:  # {{1}, 2} is not {1, 2}
            members.append(Node("element", None, (arg,)))
            continue
        arg = settle_node(arg)
        members.extend(arg.args if arg.kind == "list" and has_no_names(arg) else (arg,))
    return members


def has_no_names(node: Node) -> bool:
    return not any(arg.kind == "rel" for arg in node.args)


def _parts(node: Node) -> list[Node]:
    return list(node.args) if node.kind == "union" else [node]


def _same_members(left: Node, right: Node) -> str | None:
    for first, second in ((left, right), (right, left)):
        if second.kind == "matrix":
            return None
        if _may_be_point(first, second):
            point = relations.as_point(first)
            if rung := _in_order((point or first).args, second.args):
                return rung
        if first.kind == "list" and second.kind in ("union", "tuple"):
            return _same_conditions(first, second)
    if _contrary(left, right):
        return None
    if left.kind == right.kind == "list" and (point := _as_points(left, right)):
        return _in_order(*point)
    if left.kind == right.kind == "list" and (rung := relations.same_system(left, right, same_structure)):
        return rung
    members, others = _members(left), _members(right)
    if len(members) != len(others):
        members, others = _without_repeated_points(members), _without_repeated_points(others)
    return _same_unordered(members, others)


def _without_repeated_points(members: list[Node]) -> list[Node]:
    """Removes repeated points: a point that a list names twice is one; `1, 1` may be two roots."""
    points = len(members) <= MOST_UNITED and all(member.kind == "tuple" for member in members)
    return list(_different(members)) if points else members


def _may_be_point(listed: Node, point: Node) -> bool:
    """Checks whether a list may be a point: `1, 2` may stand for (1, 2) and for [1, 2], `x = 1, y = 2` for
    (1, 2) only."""
    if listed.kind != "list" or point.kind != "tuple":
        return False
    return point.value == "()" or (point.value == "[]" and has_no_names(listed))


def _as_points(left: Node, right: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]] | None:
    """Returns the members of `x = 2, y = 1` and of `2, 1`, where the names follow from the order."""
    points = [relations.as_point(node) for node in (left, right)]
    if (points[0] is None) == (points[1] is None) or not (has_no_names(left) or has_no_names(right)):
        return None
    first, second = (point or node for point, node in zip(points, (left, right), strict=True))
    return first.args, second.args


def _same_conditions(several: Node, other: Node) -> str | None:
    """Compares conditions of which one holds, as sets."""
    reading = relations.as_union(several)
    return _same_unions(reading, other) if reading else None


def _contrary(left: Node, right: Node) -> bool:
    """Checks whether the connectives are contrary: p and q is not p or q, where p and q are statements;
    `1 and 2` are the same two numbers as `1 or 2`."""
    if {left.value, right.value} == {"land", "lor"}:
        return True
    conditions = any(arg.kind == "rel" and set(arg.value) != {"="} for arg in left.args)
    return conditions and {left.value, right.value} in ({"and", "or"}, {"and", "lor"}, {"land", "or"})


def _same_unions(left: Node, right: Node) -> str | None:
    if rung := _same_unordered(_parts(left), _parts(right)):
        return rung
    first, second = intervals.merge_intervals(left), intervals.merge_intervals(right)
    if first is None or second is None or (first, second) == (left, right):
        return None
    return _in_order(tuple(_parts(first)), tuple(_parts(second)))


def _same_unordered(left: list[Node], right: list[Node]) -> str | None:
    """Checks that every member of one side equals one of the other, one to one."""
    if len(left) != len(right):
        return None
    rest, rungs, pairs = list(right), ["structure"], 0
    if len(left) > 60:
        return _unordered_long(left, right)
    for member in left:
        for k, candidate in enumerate(rest):
            pairs += 1
            if pairs > MOST_PAIRS:
                return None
            if rung := same_structure(member, candidate):
                rungs.append(rung)
                del rest[k]
                break
        else:
            return None
    return _highest(rungs)


def _unordered_long(left: list[Node], right: list[Node]) -> str | None:
    """Compares many members as they are written only: sorting by text keeps it fast."""
    return "structure" if sorted(map(repr, left)) == sorted(map(repr, right)) else None


def _in_order(left: tuple[Node, ...], right: tuple[Node, ...]) -> str | None:
    if len(left) != len(right):
        return None
    rungs = ["structure"]
    for a, b in zip(left, right, strict=True):
        rung = same_structure(a, b)
        if rung is None:
            return None
        rungs.append(rung)
    return _highest(rungs)


def _highest(rungs: list[str]) -> str:
    return max(rungs, key=_RANK.index)


def _same_tuple(left: Node, right: Node) -> str | None:
    """Compares tuples: two members may be an interval, where brackets count; more are a point or a row, where
    they don't."""
    if left.kind != right.kind:
        return _same_vector(left, right)
    if left.kind == "tuple" and len(left.args) == 2 and left.value != right.value:
        return None
    if rung := _in_order(left.args, right.args):
        return rung
    return _same_ratio(left, right) if left.kind == "ratio" else None


def _same_vector(left: Node, right: Node) -> str | None:
    """Compares vectors, such as `i + 2j` and (1, 2)."""
    point, other = (left, right) if left.kind == "tuple" else (right, left)
    if point.kind != "tuple" or point.value not in ("()", "[]"):
        return None
    parts = matrices.vector_components(other, len(point.args))
    return _in_order(parts, point.args) if parts else None


def _same_ratio(left: Node, right: Node) -> str | None:
    """Compares ratios: 2:4 is 1:2, with every term in the same proportion. 2:30 is not 1:15."""
    if len(left.args) != len(right.args) or left.value == right.value == "clock":
        return None
    (a, *rest), (b, *others) = left.args, right.args
    crossed = [
        (Node("mul", None, (a, y)), Node("mul", None, (b, x))) for x, y in zip(rest, others, strict=True)
    ]
    nonzero = not any(same_value(x, number_node(0)) for x in (a, b))
    return "structure" if nonzero and all(same_value(*pair) for pair in crossed) else None


def _same_matrix(left: Node, right: Node) -> str | None:
    """Compares matrices; a column or a row may be written as a point."""
    if left.kind == right.kind:
        return _in_order(left.args, right.args) if left.value == right.value else None
    matrix, other = (left, right) if left.kind == "matrix" else (right, left)
    if other.kind != "tuple" and (parts := matrices.vector_components(other, len(matrix.args))):
        other = Node("tuple", "()", parts)
        left, right = matrix, other
    if other.kind != "tuple" or 1 not in (matrix.value, len(matrix.args) // matrix.value):
        return None
    return _in_order(left.args, right.args)
