"""Sums and products over a whole number: their terms where the bounds are numbers, a few cases where they are
letters, and otherwise the same bounds and the same term, whatever the letter they run over."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from numerate.answers import exact
from numerate.answers.budget import spend
from numerate.answers.tree import BINDERS, Node, Undecided, Unreadable, num, substitute, symbols, walk

if TYPE_CHECKING:
    from numerate.answers.parser import Parser

Same = Callable[[Node, Node], str | None]
MOST_TERMS = 200
MOST_IRRATIONAL_TERMS = 50
MOST_NODES = 1_500
"""nodes of a sum written out"""
MOST_IN_A_CASE = 400
_CASES = ((1, 2), (2, 1), (3, 5), (4, 3), (5, 2), (6, 4), (7, 6), (8, 3))
"""values of the letters in the bounds, one letter or two"""
_ENOUGH = 5


# -- reading ----------------------------------------------------------------------
def read(parser: Parser, name: str, argument: Callable[[Parser], Node]) -> Node:
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
    term = parser.signed()
    bound = f"bound {height(term)}"
    return Node("series", name, (first, last, renamed(term, letter, Node("sym", bound), bound)))


def height(term: Node) -> int:
    """How many letters of their own the operators in an expression have, one within another."""
    highest = 0
    todo = [(term, 0)]
    while todo:
        node, around = todo.pop()
        if node.kind in BINDERS:
            around += 1
            highest = max(highest, around)
        todo += [(arg, around) for arg in node.args if arg.args]
    return highest


def renamed(node: Node, letter: str, value: Node, written: str) -> Node:
    """The term with its letter replaced, in the index of `a_k` as well."""
    if node.kind == "sym" and "_" in node.value:
        name, _, index = node.value.partition("_")
        return Node(
            "sym", f"{name}_{re.sub(rf'(?<![a-zA-Z]){re.escape(letter)}(?![a-zA-Z0-9])', written, index)}"
        )
    if node.kind == "sym":
        return value if node.value == letter else node
    return node._replace(args=tuple(renamed(arg, letter, value, written) for arg in node.args))


# -- values ----------------------------------------------------------------------
def _written_out(node: Node, left: list[int]) -> Node:
    """The sum or product of all terms. Raises Undecided where the bounds are no numbers, or the terms have
    more nodes than are left."""
    first, last = (_whole(bound) for bound in node.args[:2])
    term = node.args[2]
    count = last - first + 1
    size = sum(1 for _ in walk(term))
    if not 0 <= count <= MOST_TERMS or count * size > left[0]:
        raise Undecided("too many terms, or bounds in the wrong order")
    left[0] -= count * size
    spend(2 * count * size)
    bound = f"bound {height(term)}"
    terms = tuple(renamed(term, bound, num(k), str(k)) for k in range(first, last + 1))
    empty = num(0 if node.value == "sum" else 1)
    written = Node("add" if node.value == "sum" else "mul", None, (empty, *terms))
    if count > MOST_IRRATIONAL_TERMS:
        exact.rational(written)
    return written


def _whole(bound: Node) -> int:
    value = exact.rational(bound)
    if value.denominator != 1 or abs(value) > 10**6:
        raise Undecided("no whole bound")
    return int(value)


def same_series(left: Node, right: Node, same: Same) -> bool:
    """Whether two expressions of which one holds a sum agree: term by term, or for a few values of the
    letters in its bounds."""
    alike = left.kind == right.kind == "series" and left.value == right.value
    if alike and all(same(a, b) for a, b in zip(left.args, right.args, strict=True)):
        return True
    letters = sorted(_letters_of_bounds(left) | _letters_of_bounds(right))
    if not 1 <= len(letters) <= 2 or "infinity" in letters:
        return False
    decided = 0
    for case in _CASES:
        values = dict(zip(letters, case, strict=False))
        try:
            one, other = (_at(node, values) for node in (left, right))
        except Undecided:
            continue
        if not same(one, other):
            return False
        decided += 1
    return decided >= _ENOUGH


def _letters_of_bounds(node: Node) -> set[str]:
    found = (symbols(bound) for part in walk(node) if part.kind == "series" for bound in part.args[:2])
    return {name for names in found for name in names if not name.startswith("bound ")}


def _at(node: Node, values: dict[str, int]) -> Node:
    for name, value in values.items():
        node = substitute(node, name, num(value))
    written = with_terms(node, MOST_IN_A_CASE)
    if any(part.kind == "series" for part in walk(written)):
        raise Undecided("a sum without an end")
    return written


def _with_term(node: Node, first: Node, last: Node, term: Node) -> Node:
    """The sum or product of another term, whose letter is called by the depth of that one."""
    before, bound = f"bound {height(node.args[2])}", f"bound {height(term)}"
    term = term if before == bound else renamed(term, before, Node("sym", bound), bound)
    return node._replace(args=(first, last, term))


def with_terms(node: Node, most: int = MOST_NODES) -> Node:
    """The expression with all of its sums and products written out that can be, together within a bound."""
    left = [most]

    def written(node: Node) -> Node:
        if not node.args:
            return node
        if node.kind != "series":
            spend(2 * len(node.args))
            return node._replace(args=tuple(map(written, node.args)))
        node = _with_term(node, *map(written, node.args))
        try:
            return written(_written_out(node, left))
        except Undecided:
            return node

    return written(node)
