"""A name with a bracket behind it that is no product: I(0), P(A | B), C(5, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate.answers.expr.tree import Node

if TYPE_CHECKING:
    from numerate.answers.parse.parser import Parser

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
    """The argument of I(0): a value of a function, and no product, which would make all of it 0."""
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
