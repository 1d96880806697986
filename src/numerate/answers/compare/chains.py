"""Chains of equations: the value that an expression is given, and members that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from numerate.answers.compare.value_names import is_quantity, unknown_letters
from numerate.answers.compare.values import same_value
from numerate.answers.expr import numeric, series
from numerate.answers.expr.calculus.decide import operator_contradicts
from numerate.answers.expr.tree import INFINITY, Node, Undecided, number_node, walk_nodes
from numerate.answers.text.units import CANONICAL

MOST_MEMBERS = 40
_MATRICES = frozenset("ABCMPQTX")


def named_chain_value(relation: Node) -> Node | None:
    """Returns the value of what stands before the first sign of `a + b = 2 + 3 = 5`; None for an equation
    that still has to be solved, and where the numbers behind the sign differ."""
    if not set(relation.value) <= {"=", "approx"} or len(relation.args) > MOST_MEMBERS:
        return None
    head, *rest = _head_first(relation)
    members = rest[: max(_exactly(relation.value), 1)]
    if "=" in relation.value and all(same_value(head, member) for member in members):
        return members[-1]
    numbers = [member for member in members if not unknown_letters(member)]
    if not (unknown_letters(head) or _is_endless(head)) or not numbers or numbers[-1] is not members[-1]:
        return None
    if not all(same_value(numbers[0], member) for member in numbers[1:]):
        return None
    stated = same_value(head, numbers[0]) or _is_substituted(head, members) or _is_sought(head, numbers[0])
    return numbers[-1] if stated else None


def _is_sought(head: Node, number: Node) -> bool:
    """Checks whether `head` is a side whose value is stated; `a + b = 0` is an equation."""
    if _is_endless(head):
        return not operator_contradicts(head, number, same_value)
    if number.kind in ("tuple", "matrix"):
        return head.kind in ("add", "mul") or (head.kind == "pow" and head.args[0].value in _MATRICES)
    return is_quantity(head) and not (head.kind == "add" and same_value(number, number_node(0)))


def _is_endless(node: Node) -> bool:
    """Checks whether `node` is a sum or product without end, whose value may not be known here."""
    return any(part.kind == "series" and INFINITY in part.args[:2] for part in walk_nodes(node))


def _head_first(relation: Node) -> tuple[Node, ...]:
    sides = relation.args
    turned = (
        len(sides) == 2
        and relation.value == ("=",)
        and not (unknown_letters(sides[0]) or _is_endless(sides[0]))
    )
    return sides[::-1] if turned else sides


def _exactly(signs: tuple[str, ...]) -> int:
    """Returns how many members stand before the first approximation."""
    return signs.index("approx") if "approx" in signs else len(signs)


def _is_substituted(head: Node, members: tuple[Node, ...] | list[Node]) -> bool:
    """Checks whether a member is the same expression with numbers in place of its letters:
    `2x + 3 = 2(4) + 3 = 11`."""
    return len(members) > 1 and _fits(head, members[0], {})


def _fits(pattern: Node, node: Node, values: dict[str, Node]) -> bool:
    if pattern.kind == "sym":
        return not unknown_letters(node) and values.setdefault(pattern.value, node) == node
    if pattern[:2] != node[:2] or len(pattern.args) != len(node.args):
        return False
    return all(_fits(part, arg, values) for part, arg in zip(pattern.args, node.args, strict=True))


# -- contradictions ----------------------------------------------------------------------
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{1,20}")


def is_contradictory_chain(normal: str, node: Node | None) -> bool:
    """Checks whether a chain contradicts itself: `x = 6/4 = 1.4`. Degrees and members in different units
    are left alone."""
    if node is None or "circ" in normal or "degree" in normal or _units(normal) > 1:
        return False
    return any(_differ(chain) for chain in _chains(node))


def _units(normal: str) -> int:
    words = (word.lower().removesuffix("s") for word in _WORD.findall(normal) if len(word) > 1)
    return len({CANONICAL[word] for word in words if word in CANONICAL})


def _chains(node: Node) -> Iterator[Node]:
    """Yields the chains of an answer; those of a congruence are modulo something."""
    if node.kind == "rel" and len(node.value) > 1 and set(node.value) <= {"=", "approx"}:
        yield node
    elif node.kind in ("list", "set"):
        for arg in node.args[:MOST_MEMBERS]:
            yield from _chains(arg)


def _differ(chain: Node) -> bool:
    members = [chain.args[0]]
    members += [side for sign, side in zip(chain.value, chain.args[1:], strict=True) if sign == "="]
    numbers = [number for member in members[:MOST_MEMBERS] if (number := _number(member))]
    try:
        return any(not same_value(numbers[0], other) for other in numbers[1:])
    except (Undecided, ArithmeticError, RecursionError):
        return False


def _number(node: Node) -> Node | None:
    """Returns the member where double arithmetic gives it a value; a series without end has none."""
    node = series.with_terms(node)
    try:
        numeric.approximate_value(node.args[0] if node.kind in ("percent", "neg") else node)
    except (Undecided, ArithmeticError, RecursionError):
        return None
    return node if not unknown_letters(node) else None
