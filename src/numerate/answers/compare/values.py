"""Comparison of the values of two expressions: exactly, modulo a prime, or numerically, in this order."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

from numerate.answers.budget import spend_steps
from numerate.answers.expr import exact, numeric, series
from numerate.answers.expr.calculus import decide
from numerate.answers.expr.tree import BINDERS, Node, Undecided, number_node, walk_nodes

MOST_NODES = 1_500
"""a longer expression is compared as it stands"""


def same_value(left: Node, right: Node) -> str | None:
    """Returns the rung at which they are equal ("structure", "number", "symbolic"), or None."""
    if left == right:
        return "number" if left.kind == "num" else "structure"
    if left.kind == "percent" or right.kind == "percent":
        return _same_percent(left, right)
    if left.kind == "base" or right.kind == "base":
        return _same_base(left, right)
    if "float" in (left.kind, right.kind):
        return _same_float(left, right)
    return _compute(left, right)


def _compute(left: Node, right: Node) -> str | None:
    a, b = _rational(left), _rational(right)
    if a is not None and b is not None:
        return "number" if a == b else None
    if too_long(left) or too_long(right):
        return None
    try:
        return "symbolic" if exact.residue_modulo_prime(left) == exact.residue_modulo_prime(right) else None
    except Undecided:
        pass
    try:
        return "symbolic" if numeric.agree_numerically(left, right) else None
    except Undecided:
        return _same_operators(left, right)


def _same_operators(left: Node, right: Node) -> str | None:
    if not any(node.kind in BINDERS for side in (left, right) for node in walk_nodes(side)):
        return None
    written = [series.with_terms(side) for side in (left, right)]
    if written != [left, right]:
        return same_value(*written)
    if series.same_series(left, right, same_value):
        return "symbolic"
    try:
        return decide.same_with_operators(left, right, same_value)
    except Undecided:
        return None


def too_long(node: Node) -> bool:
    size = sum(1 for _ in islice(walk_nodes(node), MOST_NODES + 1))
    spend_steps(size // 4)
    return size > MOST_NODES


def _rational(node: Node) -> Fraction | None:
    try:
        return exact.exact_rational(node)
    except Undecided:
        return None


def _same_percent(left: Node, right: Node) -> str | None:
    """Compares percentages: 28% is 28% only; against a bare number it is 28 or 0.28, since the sign may be
    left out."""
    if left.kind == right.kind:
        return same_value(left.args[0], right.args[0])
    percent, other = (left, right) if left.kind == "percent" else (right, left)
    inner = percent.args[0]
    return same_value(inner, other) or same_value(
        Node("div", None, (inner, Node("num", Fraction(100)))), other
    )


def _same_base(left: Node, right: Node) -> str | None:
    """Compares numbers in a base: digits and base must both agree; only base ten may be left out."""
    if left.kind == right.kind:
        same = left.value[0] == right.value[0] and same_value(left.value[1], right.value[1])
        return "structure" if same else None
    based, other = (left, right) if left.kind == "base" else (right, left)
    digits, base = based.value
    if not digits.isdigit() or base != number_node(10):
        return None
    return same_value(number_node(int(digits)), other)


def _same_float(left: Node, right: Node) -> str | None:
    """Compares long decimals: a decimal of 12 digits or more stands for the value that a program rounded:
    within one unit of its last place, or the few units by which double arithmetic is off."""
    try:
        a, b = _approximate(left), _approximate(right)
    except Undecided:
        return None
    places = min(node.value[1] for node in (left, right) if node.kind == "float")
    allowed = max(Fraction(10) ** -places * Fraction(99, 100), max(abs(a), abs(b)) * Fraction(5, 10**15))
    return "number" if abs(a - b) <= allowed else None


def _approximate(node: Node) -> Fraction:
    value = _rational(node)
    if value is None:
        value = decide.approximate_operator(node)
    return Fraction(numeric.approximate_value(node)) if value is None else value
