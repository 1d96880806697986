"""Equations, inequalities, congruences and `name = value`.

An equation stands for its solutions: two are equal when left minus right agrees up to a constant factor.
A name before a value (`x =`, `f(x) =`, `x \\in`) may be missing on one side.
"""

from __future__ import annotations

from fractions import Fraction

from numerate.answers.compare import chains, inequalities, intervals
from numerate.answers.compare.value_names import is_name, unknown_letters
from numerate.answers.compare.values import same_value, too_long
from numerate.answers.expr import exact, numeric
from numerate.answers.expr.calculus.decide import as_letters, operator_contradicts
from numerate.answers.expr.tree import (
    INFINITY,
    OPERATORS,
    Node,
    Same,
    Undecided,
    free_symbols,
    negate_node,
    number_node,
    substitute_symbol,
    subtract_nodes,
)

_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def same_relation(left: Node, right: Node, same: Same) -> str | None:
    """Compares two answers of which one or both hold a relation sign."""
    if left.kind == right.kind:
        return _same_two(left, right, same)
    relation, other = (left, right) if left.kind == "rel" else (right, left)
    value = value_of(relation) or as_set(relation)
    return same(value, other) if value is not None else None


def _same_two(left: Node, right: Node, same: Same) -> str | None:
    if left.value != right.value and right.value == tuple(_MIRROR.get(sign) for sign in left.value[::-1]):
        right = Node("rel", left.value, right.args[::-1])
    if left.value == right.value and len(left.args) == len(right.args):
        sides = [same(a, b) for a, b in zip(left.args, right.args, strict=True)]
        if all(sides):
            return "structure" if set(sides) == {"structure"} else "symbolic"
    a, b = named_value(left), named_value(right)
    if a and b and a[0].kind == b[0].kind == "call":
        b = _in_letter_of(a[0], *b) or b
    if a and b and (a[0] == b[0] or _same_curve(a[0], b[0]) or _same_curve(b[0], a[0])):
        return same(a[1], b[1])
    sets = as_set(left), as_set(right)
    if sets[0] and sets[1]:
        names = free_symbols(left) - {"infinity"}, free_symbols(right) - {"infinity"}
        return same(sets[0], sets[1]) if names[0] == names[1] else None
    if left.value == right.value == ("=",):
        return "symbolic" if _same_solutions(left, right) else None
    return _same_inequality(left, right)


def _same_curve(graph: Node, function: Node) -> bool:
    """Checks two curves: y = x^2 is the curve of f(x) = x^2; of a value f(2) or a derivative f'(x) it is
    not."""
    of_letters = function.kind == "call" and function.value not in OPERATORS
    return of_letters and graph.kind == "sym" and all(arg.kind == "sym" for arg in function.args)


def _in_letter_of(function: Node, other: Node, value: Node) -> tuple[Node, Node] | None:
    """Returns f(y) = y^2 in the letter of f(x); None where they aren't the same function of different
    letters."""
    if function.value != other.value or function.value in OPERATORS:
        return None
    if len(function.args) != 1 or len(other.args) != 1:
        return None
    letter, its_letter = function.args[0], other.args[0]
    if letter.kind != "sym" or its_letter.kind != "sym" or letter == its_letter:
        return None
    if its_letter.value not in free_symbols(value) or letter.value in free_symbols(value):  # P(A) is not P(B)
        return None
    return function, substitute_symbol(value, its_letter.value, letter)


def named_value(relation: Node) -> tuple[Node, Node] | None:
    """Returns (name, value) of `x = 5`, `5 = x`, `x \\in A`, `x = 1/2 = 0.5`; None for a relation that names
    nothing."""
    if relation.kind != "rel" or not set(relation.value) <= {"=", "approx", "in"}:
        return None
    sides = list(relation.args)
    if is_name(sides[0]):
        name, sides = sides[0], sides[1:]
    elif len(sides) == 2 and is_name(sides[1]) and relation.value == ("=",):
        name, sides = sides[1], sides[:1]
    else:
        return None
    if relation.value[-1] == "approx" and len(sides) > 1:
        return name, sides[0]
    return name, sides[-1]


def value_of(relation: Node) -> Node | None:
    """Returns the value that a relation gives to its name, or that a chain such as `1/2 = 0.5` has."""
    if named := named_value(relation):
        return None if operator_contradicts(*named, same_value) else named[1]
    if relation.value[0] == "approx" and not unknown_letters(relation.args[0]):
        return relation.args[0]  # of \\frac{1}{3} \\approx 0.33 the exact one counts
    head = relation.args[0]
    if head.kind == "ratio" and relation.value == (":",):
        return relation.args[-1]
    if set(relation.value) == {"="} and not unknown_letters(relation):
        first, *rest = relation.args
        if all(same_value(first, side) for side in rest):
            return first
    return chains.named_chain_value(relation)


# -- inequalities as sets ----------------------------------------------------------------------
def as_set(relation: Node) -> Node | None:
    """Returns the interval or union that `x < 4`, `1 <= x < 2` or `x != 5` describes for one letter; else
    None."""
    if relation.kind != "rel":
        return None
    sides, signs = list(relation.args), list(relation.value)
    if signs == ["in"] and is_name(sides[0]):
        return sides[1]
    if len(sides) == 2 and is_name(sides[1]) and signs[0] in _MIRROR:
        sides, signs = sides[::-1], [_MIRROR[signs[0]]]
    if len(sides) == 2 and is_name(sides[0]) and not free_symbols(sides[1]) - {"infinity"}:
        return _half_line(signs[0], sides[1])
    if len(sides) == 2 and sides[0].kind == "fn" and sides[0].value == "abs":
        return _around(sides[0].args[0], signs[0], sides[1]) or inequalities.solve_inequality(relation)
    if len(sides) == 3 and is_name(sides[1]):
        return _segment(sides, signs)
    return inequalities.solve_inequality(relation)


def _half_line(sign: str, bound: Node) -> Node | None:
    low = Node("neg", None, (INFINITY,))
    if sign in ("<", "<="):
        return Node("tuple", "(" + ("]" if sign == "<=" else ")"), (low, bound))
    if sign in (">", ">="):
        return Node("tuple", ("[" if sign == ">=" else "(") + ")", (bound, INFINITY))
    if sign == "!=":
        return Node(
            "union", None, (Node("tuple", "()", (low, bound)), Node("tuple", "()", (bound, INFINITY)))
        )
    return None


def _around(inner: Node, sign: str, bound: Node) -> Node | None:
    """Returns |x + c| < b as the interval from -b - c to b - c, |x + c| > b as the numbers outside it."""
    first, *shift = inner.args if inner.kind == "add" else (inner,)
    if not is_name(first) or any(free_symbols(node) for node in (bound, *shift)):
        return None
    low, high = (Node("add", None, (end, *map(negate_node, shift))) for end in (negate_node(bound), bound))
    if sign in ("<", "<="):
        return Node("tuple", "()" if sign == "<" else "[]", (low, high))
    left, right = _half_line(sign.replace(">", "<"), low), _half_line(sign, high)
    return Node("union", None, (left, right)) if left and right else None


def _segment(sides: list[Node], signs: list[str]) -> Node | None:
    if all(s in (">", ">=") for s in signs):
        sides, signs = sides[::-1], [_MIRROR[s] for s in signs[::-1]]
    if not all(s in ("<", "<=") for s in signs):
        return None
    brackets = ("[" if signs[0] == "<=" else "(") + ("]" if signs[1] == "<=" else ")")
    return Node("tuple", brackets, (sides[0], sides[2]))


def as_union(several: Node) -> Node | None:
    """Returns `x < 1 or x > 2` as a union."""
    sets = _conditions(several)
    return Node("union", None, tuple(sets)) if sets else None


def as_intersection(several: Node) -> Node | None:
    """Returns `x > 1 and x < 3` as `x \\in (1, 3)`, with "and" or a comma; None where nothing would be left,
    and "or" must be meant."""
    sets = _conditions(several)
    meet = intervals.intersect_sets(sets) if sets else None
    if meet is None or not meet.args:
        return None
    (letter,) = free_symbols(several.args[0]) - {"infinity"}
    return Node("rel", ("in",), (Node("sym", letter), meet))


def _conditions(several: Node) -> list[Node] | None:
    """Returns the sets that several conditions on one letter describe, else None."""
    if any(arg.kind != "rel" or set(arg.value) == {"="} for arg in several.args):
        return None
    sets = [as_set(arg) for arg in several.args]
    readable = [s for s in sets if s is not None]
    unknowns = {frozenset(unknown_letters(arg)) for arg in several.args}
    return readable if len(readable) == len(sets) and [len(names) for names in unknowns] == [1] else None


def as_point(several: Node) -> Node | None:
    """Returns `p = 5, q = 2` as the point (5, 2): names must differ, or it is two values of one unknown."""
    named = [name_and_value for arg in several.args if (name_and_value := named_value(arg))]
    if len(named) != len(several.args) or len({name for name, _ in named}) != len(named):
        return None
    if len({name.value.partition("_")[0] for name, _ in named if name.kind == "sym"}) == 1:
        return None  # x_1 = 1, x_2 = 4 are two values of x
    if all(name.kind == "sym" and len(str(name.value)) == 1 for name, _ in named):
        named.sort(key=lambda pair: str(pair[0].value))  # `y = 2, x = 1` is the point (1, 2)
    return Node("tuple", "()", tuple(value for _, value in named))


def same_system(left: Node, right: Node, same: Same) -> str | None:
    """Compares lists of named values with lists without names, or groups of them: `p=5,q=2;p=7,q=2` and
    `(5,2),(7,2)`."""
    for first, second in ((left, right), (right, left)):
        points = [as_point(arg) for arg in first.args if arg.kind == "list"]
        if points and len(points) == len(first.args) and all(points):
            listed = Node("list", None, tuple(p for p in points if p))
            return same(listed, second) if listed != first else None
    return None


# -- equations ----------------------------------------------------------------------
def _same_solutions(left: Node, right: Node) -> bool:
    """Checks that left - right of the one is a constant multiple of the other's: their quotient is the same
    at two points, that is f(P) g(Q) = f(Q) g(P)."""
    f, g = as_letters(subtract_nodes(*left.args), subtract_nodes(*right.args), same_value)
    if not free_symbols(f) or too_long(f) or too_long(g) or free_symbols(f) != free_symbols(g):
        return False
    if any(side.kind in ("tuple", "set", "union", "matrix", "list") for side in (*left.args, *right.args)):
        return False
    if any(
        same_value(difference, number_node(0)) for difference in (f, g)
    ):  # an identity has no solutions to compare
        return False
    cross = [Node("mul", None, (a, _elsewhere(b))) for a, b in ((f, g), (g, f))]
    try:
        return exact.residue_modulo_prime(cross[0]) == exact.residue_modulo_prime(cross[1])
    except Undecided:
        pass
    try:
        return numeric.agree_numerically(cross[0], cross[1])
    except Undecided:
        return False


def _elsewhere(node: Node) -> Node:
    """Returns the same expression in fresh letters, which is the same expression at another point."""
    if node.kind in ("sym", "call") and node.value not in ("e", "i", "pi", "infinity"):
        return Node("sym", f"{node.value if node.kind == 'sym' else node!r} elsewhere")
    return node._replace(args=tuple(_elsewhere(arg) for arg in node.args))


def _same_inequality(left: Node, right: Node) -> str | None:
    """Compares two-sided inequalities in several letters: the same sign, and the difference a positive
    multiple."""
    if len(left.value) != 1 or len(right.value) != 1 or left.value[0] == "=" or left.value[0] not in _MIRROR:
        return None
    if right.value != left.value:
        return None
    f, g = subtract_nodes(*left.args), subtract_nodes(*right.args)
    if same_value(f, g):
        return "symbolic"
    try:
        return "symbolic" if _same_solutions(left, right) and numeric.same_sign(f, g) else None
    except Undecided:
        return None


# -- congruences ----------------------------------------------------------------------
def same_residues(left: Node, right: Node, same: Same) -> str | None:
    """Compares two answers of which one or both are taken modulo something. A modulus in brackets can't be
    left out; 17 \\bmod 5 is the number 2 as well."""
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
    """Returns `n \\equiv 2 \\pmod 5` as `n = 2 + 5k` with the letter that the other side takes for k."""
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
    """Returns the number of `3` and of `x \\equiv 3`; None for a congruence that names no unknown."""
    if node.kind != "rel":
        return node
    return node.args[1] if len(node.args) == 2 and node.args[0].kind == "sym" else None


def _same_class(left: Node, right: Node, modulus: Node) -> str | None:
    try:
        a, b, m = (exact.exact_rational(node) for node in (left, right, modulus))
    except Undecided:
        return same_value(left, right)
    return "structure" if m and (a - b) / m == round(Fraction(a - b) / m) else None
