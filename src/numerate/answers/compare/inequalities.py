"""Inequalities between polynomials in one letter, solved: `x^2 <= 1` is [-1, 1]."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from numerate.answers.compare import intervals
from numerate.answers.compare.value_names import unknown_letters
from numerate.answers.expr import polynomials
from numerate.answers.expr.polynomials import Quotient, Root
from numerate.answers.expr.tree import INFINITY, Node, Undecided, negate_node, subtract_nodes

_SIGNS = frozenset({"<", "<=", ">", ">=", "!="})
NEAR = 1e-9
"""roots at a smaller distance count as equal"""


def solve_inequality(relation: Node) -> Node | None:
    """Returns the numbers for which one or two inequalities in one letter hold; None where they can't be
    solved."""
    if not set(relation.value) <= _SIGNS or len(relation.args) > 3 or len(unknown_letters(relation)) != 1:
        return None
    try:
        sides = pairwise(relation.args)
        sets = [_solutions(a, sign, b) for sign, (a, b) in zip(relation.value, sides, strict=True)]
    except (Undecided, OverflowError):
        return None
    return sets[0] if len(sets) == 1 else intervals.intersect_sets(sets)


def _solutions(left: Node, sign: str, right: Node) -> Node:
    if left.kind == "fn" and left.value == "abs" and not unknown_letters(right):
        return _of_absolute(left.args[0], sign, right)
    return _of_quotient(polynomials.as_quotient(subtract_nodes(left, right)), sign)


def _of_absolute(inner: Node, sign: str, bound: Node) -> Node:
    """Solves |p| < c, which is -c < p and p < c; |p| > c is p < -c or p > c."""
    sides = [_solutions(inner, sign, bound), _solutions(negate_node(inner), sign, bound)]
    both = (
        intervals.intersect_sets(sides)
        if sign[0] in "<!"
        else intervals.merge_intervals(Node("union", None, tuple(sides)))
    )
    if both is None:
        raise Undecided("no set of numbers")
    return both


def _of_quotient(quotient: Quotient, sign: str) -> Node:
    """Returns where top / bottom has the sign, from what it is between its zeros and poles."""
    if not (quotient.top and quotient.bottom):
        raise Undecided("0 on both sides, or below")
    poles = polynomials.real_roots(quotient.bottom)
    zeros = polynomials.real_roots(quotient.top)
    sole_zeros = [root for root in zeros if all(root.node != pole.node for pole in poles)]
    ends = sorted([*poles, *sole_zeros], key=lambda root: root.at)
    if any(b.at - a.at < NEAR * (1 + abs(a.at)) for a, b in pairwise(ends)):
        raise Undecided("roots near each other")
    parts = [Node("tuple", "()", gap) for gap, inside in _gaps(ends) if _holds(quotient, inside, sign)]
    if "=" in sign and sign != "!=":
        parts += [Node("set", None, (root.node,)) for root in sole_zeros]
    if not parts:
        return Node("set")
    whole = intervals.merge_intervals(Node("union", None, tuple(parts)))
    if whole is None:
        raise Undecided("no set of numbers")
    return whole


def _gaps(ends: list[Root]) -> list[tuple[tuple[Node, Node], Fraction]]:
    """Returns the stretches between neighbouring ends, each with a number inside."""
    if not ends:
        return [((negate_node(INFINITY), INFINITY), Fraction(0))]
    inside = [Fraction(ends[0].at) - 1]
    inside += [(Fraction(a.at) + Fraction(b.at)) / 2 for a, b in pairwise(ends)]
    inside.append(Fraction(ends[-1].at) + 1)
    nodes = [negate_node(INFINITY), *(end.node for end in ends), INFINITY]
    return list(zip(pairwise(nodes), inside, strict=True))


def _holds(quotient: Quotient, at: Fraction, sign: str) -> bool:
    top, bottom = (polynomials.evaluate_polynomial(polynomial, at) for polynomial in quotient)
    positive = top * bottom > 0
    return sign == "!=" or positive == (sign[0] == ">")
