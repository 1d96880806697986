"""Names that may stand before a value: a letter, f(2), AB / CD; never the side of an equation.

`xyz = 60` and `m + n = 17` say what was asked for. `2x = 8`, `x^2 = 4` and `\\sin x = 0` are equations that
still have to be solved, and `x + y = 5` is a line."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import chain

from numerate.answers.expr.tree import BINDERS, CONSTANTS, Node, free_symbols, walk_nodes
from numerate.answers.text.vocabulary import OPERATIONS


def is_name(node: Node) -> bool:
    """Checks whether `node` is a letter, f(x), or a point of letters, which may be the name of a value."""
    if node.kind == "sym":
        return node.value not in CONSTANTS and node.value != "infinity"
    if node.kind == "mul":  # an angle ABC, an area S ABC, a limit, a change
        return _is_task(node.args[0]) or _are_points(node) or _is_change(node) or _is_iterated(node)
    if node.kind == "call":
        return node.value not in ("setminus", "cap")
    if node.kind == "fn":
        return _is_measure(node.value, node.args[0])
    if node.kind in BINDERS:
        return node.kind != "series"
    return node.kind in ("tuple", "ratio") and all(is_name(arg) for arg in node.args)


_TASK = re.compile(r"(?:lim|int|oint)(?![a-z])|word ")


def _is_task(node: Node) -> bool:
    """Checks whether `node` is a limit, an integral, or a word such as area, in front of its argument."""
    head = node.args[0] if node.kind == "pow" else node  # \int_0^1
    return head.kind == "sym" and _TASK.match(head.value) is not None


def _are_points(node: Node) -> bool:
    return all(arg.kind == "sym" and arg.value[:1].isupper() for arg in node.args)


def _is_change(node: Node) -> bool:
    r"""Checks whether `node` is `\Delta p`, which is no product."""
    return len(node.args) == 2 and node.args[0] == Node("sym", "Delta") and is_name(node.args[1])


_MAPS = frozenset("fghFGH")


def _is_iterated(node: Node) -> bool:
    """Checks whether `node` is f(f(2)), which reads as f times f(2)."""
    *outer, inner = node.args
    letters = all(arg.kind == "sym" and arg.value in _MAPS for arg in outer)
    inside = [name for arg in inner.args for name in free_symbols(arg)]
    return letters and inner.kind == "call" and inner.value in _MAPS and not inside


_MEASURED = frozenset("ABCDEGMNSzuvw")
"""letters whose |A| is a number of elements or a determinant, and |z| a length"""


def _is_measure(function: str, of: Node) -> bool:
    """Checks whether `function` of `of` is the sine of an angle in a triangle or of a sum of angles, or the
    length |AB|."""
    if function == "abs":
        if of.kind == "sym":
            return of.value in _MEASURED or of.value.startswith(("overline ", "overrightarrow ", "vec "))
        return of.kind == "mul" and len(of.args) == 2 and _are_points(of)
    if function in ("max", "min", "gcd", "lcm", "det"):
        return bool(unknown_letters(of))
    if function not in ("sin", "cos", "tan"):
        return False
    parts = of.args if of.kind == "add" else (of,)
    return all(part.kind == "sym" and _is_angle(part.value) for part in map(_without_sign, parts))


_ANGLES = frozenset({"alpha", "beta", "gamma", "theta", "phi", "psi", "omega"})


def _is_angle(name: str) -> bool:
    return name in _ANGLES or name.startswith("angle ") or (len(name) == 1 and name.isupper())


# -- quantities ----------------------------------------------------------------------
_COORDINATES = set("xyz")


def unknown_letters(node: Node) -> set[str]:
    """Returns the unknowns of an expression; not what a sum or a product runs over."""
    return {name for name in free_symbols(node) if not name.startswith("bound ")} - {"infinity"}


def is_quantity(node: Node) -> bool:
    """Checks whether `node` is an expression in several letters that a problem asks the value of, and no
    side of an equation in unknowns or of a curve."""
    if _is_operation(node):
        return True
    if node.kind == "union" or (node.kind == "call" and node.value in ("cap", "setminus")):
        return _are_points(node)
    if node.kind == "pow" or (node.kind == "fn" and node.value in ("abs", "root")):
        return (
            node.args[0].kind == "add" and node.args[-1].kind in ("num", "add") and is_quantity(node.args[0])
        )
    names = {part for part in walk_nodes(node) if part.kind in ("sym", "call", "fn")}
    if len(names) < 2 or not CONSTANTS.isdisjoint(part.value for part in names):
        return False
    coordinates = unknown_letters(node) & _COORDINATES
    if node.kind == "div":
        return all(map(_is_plain, node.args)) and (not coordinates or unknown_letters(node) < _COORDINATES)
    if node.kind == "mul":
        return all(map(_is_letter, node.args)) and (not coordinates or unknown_letters(node) == _COORDINATES)
    if node.kind != "add" or coordinates or not all(map(_is_term, node.args)):
        return False
    return len(set(map(_degree, node.args))) == 1


def _is_operation(node: Node) -> bool:
    r"""Checks whether `node` is `3 \star 4`, an operation on numbers that a problem has defined."""
    leaves = [leaf for leaf in walk_nodes(node) if not leaf.args]
    signs = [leaf for leaf in leaves if leaf.kind == "sym" and leaf.value in OPERATIONS]
    return node.kind == "mul" and bool(signs) and all(leaf.kind == "num" or leaf in signs for leaf in leaves)


def _without_sign(node: Node) -> Node:
    return node.args[0] if node.kind == "neg" else node


def _is_letter(node: Node) -> bool:
    """Checks whether `node` is a letter, the sine of an angle, or the value f(2) or P(A) of a function;
    not f(x)."""
    if node.kind == "call":
        return is_name(node) and not any(name[:1].islower() for name in _of(node))
    if node.kind == "fn":
        return is_name(node)
    return node.kind == "sym" and is_name(node) and node.value not in OPERATIONS


def _of(call: Node) -> set[str]:
    return set(chain.from_iterable(free_symbols(arg) for arg in call.args if arg.kind != "call"))


def _is_plain(node: Node) -> bool:
    """Checks whether `node` is a letter, a product or a sum of letters."""
    if node.kind in ("mul", "add"):
        return all(_is_letter(_without_sign(arg)) for arg in node.args)
    return _is_letter(node)


def _is_term(node: Node) -> bool:
    """Checks whether `node` is a product of letters and their powers, behind 1, 10 or 100; or 1 over one."""
    node = _without_sign(node)
    if node.kind == "div":
        return node.args[0] == Node("num", 1) and _is_plain(node.args[1])
    factors = node.args if node.kind == "mul" else (node,)
    if factors[0].kind == "num" and factors[0].value in (10, 100, 1000):
        factors = factors[1:]
    return bool(factors) and all(_is_letter(_base(factor)) for factor in factors)


def _degree(term: Node) -> Fraction | int:
    """Returns the degree of a product of letters and their powers: a^2 + b has none."""
    if term.kind == "pow":
        return term.args[1].value
    if term.kind in ("mul", "neg"):
        return sum(_degree(factor) for factor in term.args)
    return int(term.kind != "num")


def _base(node: Node) -> Node:
    return node.args[0] if node.kind == "pow" and node.args[1].kind == "num" else node
