"""Families: `2k\\pi, k \\in \\mathbb{Z}` is all of its members, whatever the letter of the parameter."""

from __future__ import annotations

import re

from numerate.answers.expr import numeric
from numerate.answers.expr.tree import (
    Node,
    Same,
    Undecided,
    free_symbols,
    negate_node,
    number_node,
    substitute_numbers,
    substitute_symbol,
    subtract_nodes,
)

_FILL = r"(?:\\text[a-z]* ?\{|\\(?:mathbb|mathbf|mathrm)(?![a-z])|[ {}])*"
_KIND = r"(?P<{}>(?:positive |non-?negative )?integers?|whole numbers?|natural numbers?)"
_CONDITION = re.compile(
    rf"(?:\\text[a-z]* ?\{{| )*(?:[,;(]|(?<=[ {{])(?=where |for |with )){_FILL}(?:(?:where|for|with){_FILL})?"
    rf"(?:(?:any|all|every|each|an|some) {_FILL})?"
    rf"(?:{_KIND.format('before')}{_FILL}(?P<named>[a-z])"
    rf"|(?P<letter>[a-z]){_FILL}(?:\\in{_FILL}(?P<set>[ZN])(?P<positive> ?\^ ?\{{? ?\+)?"
    rf"|(?:is |being )?an?y? {_FILL}{_KIND.format('behind')}))[ ).}}]*$"
)
_MARK = "\\whole{"
_LONGEST = 80
"""characters of the condition at the end of an answer"""


def mark_parameter(text: str) -> str:
    """Returns the answer with the condition on its parameter in one form, which `split_parameter` takes off
    again."""
    match = _CONDITION.search(text, max(0, len(text) - _LONGEST))
    if match is None:
        return text
    letter, before = match["named"] or match["letter"], text[: match.start()]
    while before.endswith((" ", "\\")):
        before = before[:-1]
    return f"{before}{_MARK}{letter}{_domain(match)}}}" if letter in before else text


def _domain(match: re.Match[str]) -> str:
    kind = match["before"] or match["behind"]
    if kind is None:
        return "P" if match["positive"] else match["set"]
    return "Z" if kind.startswith("integer") else kind[0].upper() if kind[0] != "n" or kind[1] == "a" else "W"


def split_parameter(normal: str) -> tuple[str, str | None]:
    """Returns (answer, letter and domain of its parameter), the latter None where there is no condition."""
    before, mark, parameter = normal.rpartition(_MARK)
    return (before, parameter[:2]) if mark and len(parameter) == 3 else (normal, None)


def spread_family(node: Node, parameter: str) -> Node:
    """Returns the answer with its values as families: `x = 2k, 2k + 1` is a list of two."""
    if node.kind == "rel" and set(node.value) == {"="}:
        return node._replace(args=(*node.args[:-1], spread_family(node.args[-1], parameter)))
    if node.kind in ("list", "set"):
        return node._replace(args=tuple(spread_family(arg, parameter) for arg in node.args))
    return Node("family", parameter, (node,)) if parameter[0] in free_symbols(node) else node


def same_family(left: Node, right: Node, same: Same) -> str | None:
    """Compares two families, or one and an answer that leaves the condition to the reader."""
    if left.kind != right.kind:
        return same(left.args[0], right) if left.kind == "family" else same(left, right.args[0])
    (letter, domain), (its_letter, its_domain) = left.value, right.value
    if domain != its_domain or (letter != its_letter and letter in free_symbols(right)):
        return None
    body, its_body = left.args[0], substitute_symbol(right.args[0], its_letter, Node("sym", letter))
    if rung := same(body, its_body):
        return rung
    return "symbolic" if domain == "Z" and _same_progression(body, its_body, letter, same) else None


def _same_progression(left: Node, right: Node, letter: str, same: Same) -> bool:
    """Checks a + dn and b + en for all whole n: e is d or -d, and a - b a multiple of it."""
    try:
        (a, d), (b, e) = (_line(node, letter, same) for node in (left, right))
        step = numeric.approximate_value(d)
        count = round(numeric.approximate_value(subtract_nodes(a, b)) / step) if step else 0
    except (Undecided, OverflowError):
        return False
    if not step or abs(count) > 1_000:
        return False
    shifted = Node("add", None, (b, Node("mul", None, (number_node(count), d))))
    return bool((same(d, e) or same(d, negate_node(e))) and same(a, shifted))


def _line(node: Node, letter: str, same: Same) -> tuple[Node, Node]:
    """Returns (value at 0, step) of an expression in one letter that grows evenly. Raises Undecided for any
    other."""
    if free_symbols(node) != {letter} or node.kind not in ("add", "mul", "div", "sym", "neg"):
        raise Undecided("no progression")
    start, first, third = (substitute_numbers(node, {letter: n}) for n in (0, 1, 3))
    step = subtract_nodes(first, start)
    if not same(subtract_nodes(third, start), Node("mul", None, (number_node(3), step))):
        raise Undecided("not evenly")
    return start, step
