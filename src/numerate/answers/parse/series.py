"""Reads sums and products over a whole number from tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from numerate.answers.expr.series import operator_depth, rename_letter
from numerate.answers.expr.tree import Node, Unreadable

if TYPE_CHECKING:
    from numerate.answers.parse.parser import Parser


def read_series(parser: Parser, name: str, argument: Callable[[Parser], Node]) -> Node:
    r"""`\sum_{k=1}^{n} k^2` behind its command: first and last value and the term, of which the letter is
    called by the depth of what it runs over, so that it says nothing."""
    start = last = None
    while start is None or last is None:
        if start is None and parser.op("_"):
            start = argument(parser)
        elif last is None and parser.op("^"):
            last = argument(parser)
        else:
            raise Unreadable(f"a {name} without bounds")
    if start.kind != "rel" or start.value != ("=",) or start.args[0].kind != "sym":
        raise Unreadable(f"a {name} over something else than a letter")
    letter, first = start.args[0].value, start.args[1]
    term = parser.signed_term()
    bound = f"bound {operator_depth(term)}"
    return Node("series", name, (first, last, rename_letter(term, letter, Node("sym", bound), bound)))
