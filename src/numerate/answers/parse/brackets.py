"""Brackets of every kind, LaTeX groups and matrices: tuples, sets, absolute values; and names with a bracket
behind them that are no products: I(0), P(A | B), C(5, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate.answers.expr.tree import Node, Unreadable
from numerate.answers.parse import notation

if TYPE_CHECKING:
    from numerate.answers.parse.parser import Parser

_CLOSERS = {"(": (")", "]"), "[": ("]", ")")}


def round_brackets(parser: Parser, opener: str) -> Node:
    """Reads what round or square brackets hold: a value, a tuple, an interval, or the rows of a matrix."""
    inner = parser.answer()
    closer = parser.op(*_CLOSERS[opener])
    if closer is None:
        raise Unreadable(f"{opener!r} is never closed")
    if inner.kind != "list":
        if opener + closer in ("()", "[]"):
            return inner
        raise Unreadable(f"{opener!r} closed by {closer!r}")
    if opener == "[" and all(row.kind == "list" or row[:2] == ("tuple", "[]") for row in inner.args):
        return _grid([list(row.args) for row in inner.args])
    return Node("tuple", opener + closer, inner.args)


def read_group(parser: Parser, opener: str) -> Node:
    """Reads a LaTeX group, which is nothing; with commas in it, a set."""
    if parser.op("}"):
        raise Unreadable("an empty group")
    inner = parser.answer()
    parser.expect("}")
    return Node("set", None, inner.args) if inner.kind == "list" else inner


def read_braces(parser: Parser, opener: str) -> Node:
    """Reads a set, by its members or by a condition."""
    if parser.op("\\}"):
        return Node("set")
    inner = parser.answer()
    if parser.op("|", ":"):
        condition = parser.answer()
        parser.expect("\\}")
        return notation.such_that(inner, condition)
    parser.expect("\\}")
    return Node("set", None, inner.args if inner.kind == "list" else (inner,))


def read_bars(parser: Parser, opener: str) -> Node:
    """Reads an absolute value, or the determinant of a matrix."""
    inner = parser.sum()
    parser.expect("|")
    return notation.determinant_node(inner) if inner.kind == "matrix" else Node("fn", "abs", (inner,))


def read_environment(parser: Parser, text: str) -> Node:
    """Reads a matrix between `\\begin` and `\\end`."""
    name = _skip_group(parser)
    if ("matrix" not in name and "array" not in name) or name == "Vmatrix":  # a norm is no matrix
        raise Unreadable(f"an environment {name!r}")
    if "array" in name and parser.peek().text == "{":
        _skip_group(parser)
    rows: list[list[Node]] = [[]]
    while not parser.op("\\end"):
        if parser.op("\\\\"):
            rows.append([])
        elif parser.op("&"):
            continue
        else:
            rows[-1].append(parser.relation())
    _skip_group(parser)
    grid = _grid([row for row in rows if row])
    return notation.determinant_node(grid) if name == "vmatrix" else grid


def _skip_group(parser: Parser) -> str:
    parser.expect("{")
    parts: list[str] = []
    while not parser.op("}"):
        if parser.peek().kind == "end":
            raise Unreadable("a group is never closed")
        parts.append(parser.next().text)
    return "".join(parts)


def _grid(rows: list[list[Node]]) -> Node:
    width = len(rows[0]) if rows else 0
    if not width or any(len(row) != width for row in rows):
        raise Unreadable("a matrix whose rows differ in length")
    return Node("matrix", width, tuple(entry for row in rows for entry in row))


# -- behind a name ----------------------------------------------------------------------
EVENTS = frozenset({"P", "Pr"})
_OF_EVENTS = frozenset({"|", "cap", "cup", "=", "<", ">", "<=", ">=", "'", "overline", "neg"})


def read_event(parser: Parser) -> Node | None:
    """Reads P(A | B), P(X > 2): a name that says which probability it is. P(1 + r) is a product."""
    depth, at = 0, parser.at
    while at < min(len(parser.tokens), parser.at + 40):
        token = parser.tokens[at]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        at += 1
        if depth == 0:
            break
    texts = [token.text for token in parser.tokens[parser.at : at]]
    if depth or not _OF_EVENTS.intersection(texts):
        return None
    parser.at = at
    return Node("call", "prefix", (Node("sym", "".join(texts)),))


def number_argument(parser: Parser) -> tuple[Node, ...] | None:
    """Returns the argument of I(0): it is a value of a function, not a product, which would be 0."""
    sign = int(parser.peek(1).text == "-" and parser.peek(1).kind == "op")
    number, closer = parser.peek(1 + sign), parser.peek(2 + sign)
    if number.kind != "num" or (closer.kind, closer.text) != ("op", ")"):
        return None
    parser.at += 3 + sign
    return (Node("num", -number.value if sign else number.value),)


def read_binomial(parser: Parser) -> Node | None:
    """Reads C(5, 2): two whole numbers in brackets, or n and a number. C(3, 4) can only be a point."""
    ahead = [parser.peek(k) for k in range(5)]
    signs = [t.text for t in (ahead[0], ahead[2], ahead[4]) if t.kind == "op"]
    n, k = (Node(t.kind, t.value) if t.kind == "num" else Node("sym", t.text) for t in (ahead[1], ahead[3]))
    counts = [t.kind == "num" or (t.kind == "name" and t.text in "nmkrN") for t in (ahead[1], ahead[3])]
    if signs != ["(", ",", ")"] or not all(counts) or (n.kind == k.kind == "num" and n.value < k.value):
        return None
    parser.at += 5
    return Node("fn", "binomial", (n, k))
