"""Congruences: `x \\equiv 10 \\pmod 7` is the residue class of 3."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from numerate.answers.compare.values import same_value
from numerate.answers.expr import exact
from numerate.answers.expr.tree import Node, Undecided

Same = Callable[[Node, Node], str | None]


def same_residues(left: Node, right: Node, same: Same) -> str | None:
    """Two answers of which one or both are taken modulo something. A modulus in brackets can't be left out;
    17 \\bmod 5 is the number 2 as well."""
    if left.kind == right.kind:
        (residue, modulus), (its_residue, its_modulus) = left.args, right.args
        return (
            _same_classes(residue, its_residue, modulus, same) if same_value(modulus, its_modulus) else None
        )
    taken, its_residue = (left, right) if left.kind == "mod" else (right, left)
    if progression := _progression(taken, its_residue):
        return same(progression, its_residue)
    return same_value(taken, its_residue) if taken.value is None and taken.args[0].kind != "rel" else None


def _progression(taken: Node, other: Node) -> Node | None:
    """`n \\equiv 2 \\pmod 5` as `n = 2 + 5k` with the letter that the other side takes for k."""
    congruence, modulus = taken.args
    family = other.args[-1] if other.kind == "rel" and other.value == ("=",) else None
    if congruence.kind != "rel" or congruence.value != ("=",) or family is None or family.kind != "family":
        return None
    name, value = congruence.args
    letter = Node("sym", family.value[0])
    if family.value[1] != "Z" or name.kind != "sym" or name == letter:
        return None
    line = Node("add", None, (value, Node("mul", None, (modulus, letter))))
    return congruence._replace(args=(name, family._replace(args=(line,))))


def _same_classes(left: Node, right: Node, modulus: Node, same: Same) -> str | None:
    if left.kind == right.kind == "rel":
        (name, value), (its_name, its_value) = left.args[-2:], right.args[-2:]
        if len(left.args) == len(right.args) == 2 and same(name, its_name):
            return _same_class(value, its_value, modulus)
        return None
    first, second = (_residue(node) for node in (left, right))
    return _same_class(first, second, modulus) if first and second else None


def _residue(node: Node) -> Node | None:
    """The number of `3` and of `x \\equiv 3`; None for a congruence that names no unknown."""
    if node.kind != "rel":
        return node
    return node.args[1] if len(node.args) == 2 and node.args[0].kind == "sym" else None


def _same_class(left: Node, right: Node, modulus: Node) -> str | None:
    try:
        a, b, m = (exact.exact_rational(node) for node in (left, right, modulus))
    except Undecided:
        return same_value(left, right)
    return "structure" if m and (a - b) / m == round(Fraction(a - b) / m) else None
