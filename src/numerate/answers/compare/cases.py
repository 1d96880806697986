"""Functions in pieces, `\\begin{cases}`: read row by row, compared at points of every piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from numerate.answers.compare.values import same_value
from numerate.answers.expr import exact, numeric
from numerate.answers.expr.tree import (
    Node,
    Same,
    Undecided,
    free_symbols,
    substitute_numbers,
    walk_nodes,
)

Parse = Callable[[str], Node | None]
MOST_PIECES = 12
_OTHERWISE = Node("sym", "word otherwise")

# -- reading ----------------------------------------------------------------------
_BLOCK = re.compile(
    r"(?:(?P<name>[^=]{1,60}?) ?= ?)?(?:\\begin ?\{[dr]?cases\}(?P<cases>.*)\\end ?\{[dr]?cases\}"
    r"|\\\{ ?\\begin ?\{array\} ?\{[lcr| ]*\}(?P<array>.*)\\end ?\{array\}) ?",
    re.S,
)
_ROW = re.compile(r"\\\\(?: ?\[[^\]]{0,10}\])?")
_STYLED = re.compile(r"\\(?:text[a-z]*|mathrm|mbox) ?\{([^{}]*)\}")
_IF = re.compile(r"(?<![A-Za-z\\])(?:if|when|whenever|for|where)(?![A-Za-z])[ ,;:]*")
_ELSE = re.compile(r"(?<![A-Za-z\\])(?:otherwise|else|elsewhere)(?![A-Za-z])")
_PARITY = re.compile(r"([a-z]) ?(?:is )?(?:an )?(even|odd)(?: integer| number)?")


def holds_cases(normal: str) -> bool:
    return "cases}" in normal or "{array}" in normal


def read_cases(normal: str, parse: Parse) -> Node | None:
    """Returns a function in pieces, or a system of equations; None for any other text."""
    block = _BLOCK.fullmatch(normal)
    if block is None:
        return None
    rows = [row for row in _ROW.split(block["cases"] or block["array"] or "") if row.strip(" .,")]
    if not 0 < len(rows) <= MOST_PIECES:
        return None
    parts = [_split_row(_STYLED.sub(r" \1 ", row)) for row in rows]
    if not any(condition for _, condition in parts):
        return _list_node([parse(value) for value, _ in parts]) if block["name"] is None else None
    node = _list_node([_piece(value, condition, parse) for value, condition in parts], "cases")
    if node is None or block["name"] is None:
        return node
    name = parse(block["name"])
    return Node("rel", ("=",), (name, node)) if name else None


def _list_node(members: list[Node | None], kind: str = "list") -> Node | None:
    nodes = tuple(node for node in members if node is not None)
    return Node(kind, None, nodes) if len(nodes) == len(members) else None


def _split_row(row: str) -> tuple[str, str]:
    """Returns (value, condition) of a row; no condition in a row of a system such as `a + b &= 2`."""
    value, sign, condition = row.partition("&")
    if sign and condition.lstrip().startswith("="):
        value, condition = row.replace("&", " "), ""
    elif not sign:
        split = _IF.search(row) or _ELSE.search(row)
        if split:
            value, condition = row[: split.start()], row[split.start() :]
        elif "," in row:
            value, _, condition = row.rpartition(",")
    stripped = condition.lstrip(" ,;")
    opening = _IF.match(stripped)
    condition = stripped[opening.end() :] if opening else condition
    return value.strip(" ,;."), condition.replace("&", " ").strip(
        " ,;.()" if "(" not in condition[1:] else " ,;."
    )


def _piece(value: str, condition: str, parse: Parse) -> Node | None:
    node = parse(value)
    if node is None or not condition:
        return None
    if _ELSE.search(condition):
        return Node("piece", None, (node, _OTHERWISE))
    if parity := _PARITY.fullmatch(" ".join(condition.lower().split())):
        return Node("piece", None, (node, Node("parity", parity[2] == "odd", (Node("sym", parity[1]),))))
    holds = parse(condition)
    return Node("piece", None, (node, holds)) if holds else None


# -- comparing ----------------------------------------------------------------------
def same_cases(left: Node, right: Node, same: Same) -> str | None:
    """Compares piece by piece, else at points: a function may be divided into pieces in several ways."""
    if left.kind == right.kind and len(left.args) == len(right.args) and _same_pieces(left, right, same):
        return "structure"
    letters = free_symbols(left) | free_symbols(right)
    letters.discard(_OTHERWISE.value)
    if len(letters) != 1 or "infinity" in letters:
        return None
    try:
        return "symbolic" if _same_at_points(left, right, letters.pop()) else None
    except Undecided:
        return None


def _same_pieces(left: Node, right: Node, same: Same) -> bool:
    rest = list(right.args)
    for piece in left.args:
        for k, other in enumerate(rest):
            if all(same(a, b) for a, b in zip(piece.args, other.args, strict=True)):
                del rest[k]
                break
        else:
            return False
    return True


def _same_at_points(left: Node, right: Node, letter: str) -> bool:
    decided = 0
    for point in _points(left, right):
        first, second = (_value(node, letter, point) for node in (left, right))
        if first is None and second is None:
            continue
        if first is None or second is None or not same_value(first, second):
            return False
        decided += 1
    return decided >= 5


def _points(left: Node, right: Node) -> list[Fraction]:
    """Returns whole numbers where a condition asks for even and odd ones; else the ends of all pieces, points
    between them and beyond."""
    pieces = [piece.args[1] for node in (left, right) if node.kind == "cases" for piece in node.args]
    if any(condition.kind == "parity" for condition in pieces):
        return [Fraction(n) for n in range(1, 11)]
    ends = sorted({end for condition in pieces for end in _ends(condition)})
    if not ends:
        raise Undecided("pieces without ends")
    steps = [Fraction(k, 7) for k in (1, 2, 3, 5, 6)]
    between = [a + (b - a) * step for a, b in pairwise(ends) for step in steps]
    beyond = [end + sign * away for end, sign in ((ends[0], -1), (ends[-1], 1)) for away in _BEYOND]
    return ends + between + beyond


_BEYOND = [Fraction(n, 7) for n in (2, 5, 9, 24, 80)]


def _ends(condition: Node) -> Iterator[Fraction]:
    """Yields the numbers that a condition compares with."""
    for node in walk_nodes(condition):
        if node.kind in ("rel", "tuple"):
            for side in node.args:
                if not free_symbols(side):
                    yield exact.exact_rational(side)


def _value(node: Node, letter: str, point: Fraction) -> Node | None:
    """Returns the value of the function at a point, None outside of all its pieces."""
    if node.kind != "cases":
        return substitute_numbers(node, {letter: point})
    for piece in node.args:
        value, condition = piece.args
        if condition == _OTHERWISE or _holds(condition, letter, point):
            return substitute_numbers(value, {letter: point})
    return None


def _holds(condition: Node, letter: str, point: Fraction) -> bool:
    if condition.kind == "parity":
        return point.denominator == 1 and bool(point % 2) == condition.value
    if condition.kind == "list":
        parts = [_holds(arg, letter, point) for arg in condition.args]
        return any(parts) if condition.value in ("or", "lor") else all(parts)
    if condition.kind != "rel" or len(condition.value) > 3:
        raise Undecided("a condition in other words")
    sides = [substitute_numbers(arg, {letter: point}) for arg in condition.args]
    return all(_compares(sign, *pair) for sign, pair in zip(condition.value, pairwise(sides), strict=True))


def _compares(sign: str, left: Node, right: Node) -> bool:
    if sign == "in" and right.kind == "tuple" and len(right.args) == 2:
        low, high = right.args
        above = "<=" if right.value[0] == "[" else "<"
        below = "<=" if right.value[1] == "]" else "<"
        return _compares(above, low, left) and _compares(below, left, high)
    equal = left == right or bool(same_value(left, right))
    if sign in ("=", "!="):
        return equal == (sign == "=")
    if sign not in ("<", ">", "<=", ">="):
        raise Undecided(sign)
    a, b = numeric.extended_value(left), numeric.extended_value(right)
    return (equal and "=" in sign) or (not equal and (a < b if sign[0] == "<" else a > b))
