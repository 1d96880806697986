"""Sums and products over a whole number: their terms where the bounds are numbers, a few cases where they are
letters, and otherwise the same bounds and the same term, whatever the letter they run over."""

from __future__ import annotations

import re

from numerate.answers.budget import spend_steps
from numerate.answers.expr import exact
from numerate.answers.expr.tree import (
    BINDERS,
    Node,
    Same,
    Undecided,
    free_symbols,
    number_node,
    substitute_numbers,
    walk_nodes,
)

MOST_TERMS = 200
MOST_IRRATIONAL_TERMS = 50
MOST_NODES = 1_500
"""nodes of a sum written out"""
MOST_IN_A_CASE = 400
_CASES = ((1, 2), (2, 1), (3, 5), (4, 3), (5, 2), (6, 4), (7, 6), (8, 3))
"""values of the letters in the bounds, one letter or two"""
_ENOUGH = 5


def operator_depth(term: Node) -> int:
    """Returns how many letters of their own the operators in an expression have, one within another."""
    highest = 0
    todo = [(term, 0)]
    while todo:
        node, around = todo.pop()
        if node.kind in BINDERS:
            around += 1
            highest = max(highest, around)
        todo += [(arg, around) for arg in node.args if arg.args]
    return highest


def rename_letter(node: Node, letter: str, value: Node, written: str) -> Node:
    """Returns the term with its letter replaced, in the index of `a_k` as well."""
    if node.kind == "sym" and "_" in node.value:
        name, _, index = node.value.partition("_")
        return Node(
            "sym", f"{name}_{re.sub(rf'(?<![a-zA-Z]){re.escape(letter)}(?![a-zA-Z0-9])', written, index)}"
        )
    if node.kind == "sym":
        return value if node.value == letter else node
    if not node.args:
        return node
    args = tuple([rename_letter(arg, letter, value, written) for arg in node.args])
    return Node(node.kind, node.value, args)


# -- values ----------------------------------------------------------------------
def _written_out(node: Node, left: list[int]) -> Node:
    """Returns the sum or product of all terms. Raises Undecided where the bounds are no numbers, or the terms
    have more nodes than are left."""
    first, last = (whole_bound(bound) for bound in node.args[:2])
    term = node.args[2]
    count = last - first + 1
    size = sum(1 for _ in walk_nodes(term))
    if not 0 <= count <= MOST_TERMS or count * size > left[0]:
        raise Undecided("too many terms, or bounds in the wrong order")
    left[0] -= count * size
    spend_steps(2 * count * size)
    bound = f"bound {operator_depth(term)}"
    terms = tuple(rename_letter(term, bound, number_node(k), str(k)) for k in range(first, last + 1))
    empty = number_node(0 if node.value == "sum" else 1)
    written = Node("add" if node.value == "sum" else "mul", None, (empty, *terms))
    if count > MOST_IRRATIONAL_TERMS:
        exact.exact_rational(written)
    return written


def whole_bound(bound: Node) -> int:
    """Returns a bound as a whole number. Raises Undecided for a bound that is no whole number, or a large
    one."""
    value = exact.exact_rational(bound)
    if value.denominator != 1 or abs(value) > 10**6:
        raise Undecided("no whole bound")
    return int(value)


def same_series(left: Node, right: Node, same: Same) -> bool:
    """Checks whether two expressions of which one holds a sum agree: term by term, or for a few values of the
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
            first, second = (_at(node, values) for node in (left, right))
        except Undecided:
            continue
        if not same(first, second):
            return False
        decided += 1
    return decided >= _ENOUGH


def _letters_of_bounds(node: Node) -> set[str]:
    symbols = (
        free_symbols(bound) for part in walk_nodes(node) if part.kind == "series" for bound in part.args[:2]
    )
    return {name for names in symbols for name in names if not name.startswith("bound ")}


def _at(node: Node, values: dict[str, int]) -> Node:
    written = with_terms(substitute_numbers(node, values), MOST_IN_A_CASE)
    if any(part.kind == "series" for part in walk_nodes(written)):
        raise Undecided("a sum without an end")
    return written


def _with_term(node: Node, first: Node, last: Node, term: Node) -> Node:
    """Returns the sum or product of another term, whose letter is called by the depth of that one."""
    before, bound = f"bound {operator_depth(node.args[2])}", f"bound {operator_depth(term)}"
    term = term if before == bound else rename_letter(term, before, Node("sym", bound), bound)
    return node._replace(args=(first, last, term))


def with_terms(node: Node, most: int = MOST_NODES) -> Node:
    """Returns the expression with all of its sums and products written out that can be, together within a
    bound."""
    left = [most]

    def write_out(node: Node) -> Node:
        if not node.args:
            return node
        if node.kind != "series":
            spend_steps(2 * len(node.args))
            return Node(node.kind, node.value, tuple(map(write_out, node.args)))
        node = _with_term(node, *map(write_out, node.args))
        try:
            return write_out(_written_out(node, left))
        except Undecided:
            return node

    return write_out(node)
