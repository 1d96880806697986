"""Comparison of expressions with an integral, a derivative, a limit or an infinite sum: exactly once they are
evaluated, with the operators as letters, or at fixed values of the letters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from numerate.answers.expr.calculus import values
from numerate.answers.expr.calculus.closed_form import has_operators, work_out_operators
from numerate.answers.expr.calculus.derivatives import ZERO, contains_letter, differentiate
from numerate.answers.expr.exact import random_point
from numerate.answers.expr.tree import (
    BINDERS,
    Node,
    Same,
    Undecided,
    free_symbols,
    substitute_numbers,
    walk_nodes,
)

MOST_NODES = 600
MOST_OPERATORS = 12
MOST_LETTERS = 4
SCALES = (Fraction(1), Fraction(-1, 8), Fraction(1, 8), Fraction(1, 16), Fraction(8))
"""of the values of letters: a power series converges where they are small, a negative one shows an absolute
value"""
ENOUGH = 2
"""points at which both sides must have a value, the same"""
MOST_SPENT = 20_000
"""after so much work no further point is tried"""
CLOSE = 1e-27
CONSTANTS = frozenset({"C", "c", "K", "k", "C_1", "c_1", "word const", "word constant"})


def same_with_operators(left: Node, right: Node, same_value: Same) -> str | None:
    """Returns "symbolic" where they are the same, None where not. Raises Undecided where neither can be
    seen."""
    sides = work_out_operators(left), work_out_operators(right)
    if not any(map(has_operators, sides)):
        return "symbolic" if same_value(*sides) else None
    if same_value(*as_letters(*sides, same_value)):
        return "symbolic"
    if any(part.kind == "antiderivative" for side in sides for part in walk_nodes(side)):
        return "symbolic" if _same_antiderivatives(*sides, same_value) else None
    return "symbolic" if _agree(*sides) else None


# -- operators as letters ----------------------------------------------------------------------
def as_letters(left: Node, right: Node, same_value: Same) -> tuple[Node, Node]:
    """Returns both sides with every operator replaced by a letter, the same letter for the same operator."""
    operators: list[Node] = []

    def letter(node: Node) -> Node:
        for k, other in enumerate(operators):
            if _same_operator(node, other, same_value):
                return Node("sym", f"operator {k}")
        if len(operators) >= MOST_OPERATORS:
            raise Undecided("many operators")
        operators.append(node)
        return Node("sym", f"operator {len(operators) - 1}")

    def replace(node: Node) -> Node:
        if node.kind in BINDERS:
            return letter(node)
        return node._replace(args=tuple(map(replace, node.args))) if node.args else node

    return replace(left), replace(right)


def _same_operator(left: Node, right: Node, same_value: Same) -> bool:
    if left[:2] != right[:2]:
        return False
    return left == right or all(same_value(a, b) for a, b in zip(left.args, right.args, strict=True))


# -- antiderivatives ----------------------------------------------------------------------
def _same_antiderivatives(left: Node, right: Node, same_value: Same) -> bool:
    """Checks that both have a constant of integration, and the same derivative."""
    letters = {
        part.args[1] for side in (left, right) for part in walk_nodes(side) if part.kind == "antiderivative"
    }
    if len(letters) != 1:
        raise Undecided("integrals in several letters")
    letter = letters.pop().value
    slopes = [_slope(side, letter) for side in (left, right)]
    if None in slopes:
        return False
    return same_value(*(slope for slope in slopes if slope)) is not None


def _slope(side: Node, letter: str) -> Node | None:
    """Returns the derivative; None without a constant."""
    terms = side.args if side.kind == "add" else (side,)
    constants = {name for term in terms if (name := _constant(term)) and name != letter}
    kept = [term for term in terms if _constant(term) not in constants]
    if any(contains_letter(term, name) for term in kept for name in constants):
        return None
    free = constants or any(part.kind == "antiderivative" for part in walk_nodes(side))
    if not free:
        return None
    slope = differentiate(Node("add", None, tuple(kept)), letter) if kept else ZERO
    if any(part.kind == "antiderivative" for part in walk_nodes(slope)):
        raise Undecided("an antiderivative in a function")
    return slope


def _constant(term: Node) -> str | None:
    """Returns the name of a constant of integration."""
    inner = term.args[0] if term.kind == "neg" else term
    return inner.value if inner.kind == "sym" and inner.value in CONSTANTS else None


# -- values ----------------------------------------------------------------------
def _agree(left: Node, right: Node) -> bool:
    letters = sorted(_letters(left) | _letters(right))
    cheap, costly = sorted((left, right), key=lambda side: (has_operators(side), repr(side)))
    agreed = spent = 0
    for scale in SCALES if letters else SCALES[:1]:
        if agreed >= ENOUGH or spent > MOST_SPENT:
            break
        first = values.operator_value(_at(cheap, letters, scale))
        spent += first.spent
        if not _counts(first.value, scale):
            continue
        second = values.operator_value(_at(costly, letters, scale))
        spent += second.spent
        if not _counts(second.value, scale):
            continue
        if not _close(first.value, second.value):
            return False
        agreed += 1
    if agreed < (ENOUGH if letters else 1):
        raise Undecided("no value of the letters at which both sides have one")
    return True


def _counts(value: Any, scale: Fraction) -> bool:
    """Checks whether there is a value, and a real one where letters are negative."""
    return value is not None and (scale > 0 or value.imag == 0)


def _letters(node: Node) -> set[str]:
    if any(k >= MOST_NODES for k, _ in enumerate(walk_nodes(node))):
        raise Undecided("too long")
    letters = {name for name in free_symbols(node) if not name.startswith("bound ")} - {"infinity"}
    if len(letters) > MOST_LETTERS or any(" " in name for name in letters):
        raise Undecided("too many letters, or words")
    return letters


def _at(node: Node, letters: list[str], scale: Fraction) -> Node:
    spread = {name: Fraction(random_point(name, scale.denominator) >> 12, 2**50) for name in letters}
    return substitute_numbers(node, {name: scale * (x + Fraction(1, 4)) for name, x in spread.items()})


def _close(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return left == right
    return bool(abs(left - right) <= CLOSE * (abs(left) + abs(right)) + 1e-40)


def operator_contradicts(expression: Node, value: Node, same_value: Same) -> bool:
    """Checks whether an operator (integral, limit, derivative, sum) has another value than an equation
    gives it."""
    kinds = {part.kind for part in walk_nodes(expression)}
    if BINDERS.isdisjoint(kinds) or "antiderivative" in kinds:
        return False
    try:
        return same_with_operators(expression, value, same_value) is None
    except Undecided:
        return False


def approximate_operator(node: Node) -> Fraction | None:
    """Returns the value of a constant that holds an operator; None for anything else."""
    if not has_operators(node):
        return None
    value = values.operator_value(work_out_operators(node)).value
    if value is None or isinstance(value, float) or value.imag:
        raise Undecided("no real value")
    return Fraction(float(value.real))


def is_undecided(node: Node) -> bool:
    """Checks whether `node` holds an operator that has no value here."""
    if node.kind not in BINDERS:
        return any(map(is_undecided, node.args))
    try:
        node = work_out_operators(node)
        return has_operators(node) and not _has_value(node)
    except Undecided:
        return True


def _has_value(node: Node) -> bool:
    if any(part.kind == "antiderivative" for part in walk_nodes(node)):
        return not any(part.kind == "call" for part in walk_nodes(node))
    letters = sorted(_letters(node))
    scales = SCALES[:2] if letters else SCALES[:1]
    return any(values.operator_value(_at(node, letters, scale)).value is not None for scale in scales)
