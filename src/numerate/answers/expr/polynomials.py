"""Quotients of polynomials in one letter with rational coefficients, and their real roots.

A polynomial is a list of coefficients, the constant one first, without zeros at its end; [] is 0."""

from __future__ import annotations

from fractions import Fraction
from math import lcm, sqrt
from typing import NamedTuple

from numerate.answers.expr import exact
from numerate.answers.expr.tree import Node, Undecided, free_symbols, number_node

HIGHEST = 8
"""degree"""
LARGEST = 10_000
"""the first and the last coefficient of which divisors are tried as rational roots"""
Polynomial = list[Fraction]


class Quotient(NamedTuple):
    top: Polynomial
    bottom: Polynomial


class Root(NamedTuple):
    node: Node
    at: float


def as_quotient(node: Node) -> Quotient:
    """Returns an expression in one letter as a quotient of polynomials. Raises Undecided where it is none."""
    if not free_symbols(node):
        return _constant(exact.exact_rational(node))
    if node.kind == "sym":
        return Quotient([Fraction(0), Fraction(1)], [Fraction(1)])
    parts = [as_quotient(arg) for arg in node.args] if node.kind in ("add", "mul", "div", "neg") else []
    if node.kind == "neg":
        return _times(parts[0], _constant(Fraction(-1)))
    if node.kind == "div":
        return _times(parts[0], Quotient(parts[1].bottom, parts[1].top))
    if node.kind == "pow":
        return _power(as_quotient(node.args[0]), exact.exact_rational(node.args[1]))
    if not parts:
        raise Undecided(node.kind)
    total = parts[0]
    for part in parts[1:]:
        total = _plus(total, part) if node.kind == "add" else _times(total, part)
    return total


def _constant(value: Fraction) -> Quotient:
    return Quotient(_trim_zeros([value]), [Fraction(1)])


def _power(base: Quotient, exponent: Fraction) -> Quotient:
    if exponent.denominator != 1 or not 1 <= abs(exponent) <= HIGHEST:
        raise Undecided("no small whole power")
    if exponent < 0:
        base = Quotient(base.bottom, base.top)
    total = base
    for _ in range(abs(int(exponent)) - 1):
        total = _times(total, base)
    return total


def _trim_zeros(polynomial: Polynomial) -> Polynomial:
    while polynomial and polynomial[-1] == 0:
        polynomial.pop()
    if len(polynomial) > HIGHEST + 1:
        raise Undecided("a high degree")
    return polynomial


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    product = [Fraction(0)] * max(len(a) + len(b) - 1, 0)
    for j, x in enumerate(a):
        for k, y in enumerate(b):
            product[j + k] = exact.check_bounded(product[j + k] + x * y)
    return _trim_zeros(product)


def _sum(a: Polynomial, b: Polynomial) -> Polynomial:
    size = max(len(a), len(b))
    padded = ([*p, *[Fraction(0)] * (size - len(p))] for p in (a, b))
    return _trim_zeros([exact.check_bounded(x + y) for x, y in zip(*padded, strict=True)])


def _times(a: Quotient, b: Quotient) -> Quotient:
    if not (a.bottom and b.bottom):
        raise Undecided("division by zero")
    return Quotient(_product(a.top, b.top), _product(a.bottom, b.bottom))


def _plus(a: Quotient, b: Quotient) -> Quotient:
    top = _sum(_product(a.top, b.bottom), _product(b.top, a.bottom))
    return Quotient(top, _product(a.bottom, b.bottom))


def evaluate_polynomial(polynomial: Polynomial, at: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(polynomial):
        total = total * at + coefficient
    return total


# -- roots ----------------------------------------------------------------------
def real_roots(polynomial: Polynomial) -> list[Root]:
    """Returns the different real roots of a polynomial other than 0. Raises Undecided where they are not
    rational and those of a factor of degree 2."""
    rest, rational = list(polynomial), list[Fraction]()
    while rest[0] == 0:
        rest, rational = rest[1:], [Fraction(0)]
    while len(rest) > 3:
        root = _rational_root(rest)
        rational.append(root)
        rest = _divide_by_root(rest, root)
    different = [Root(number_node(root), float(root)) for root in sorted(set(rational))]
    return different + [root for root in _of_low_degree(rest) if all(root.node != r.node for r in different)]


def _divide_by_root(polynomial: Polynomial, root: Fraction) -> Polynomial:
    """Divides by x - root, where root is a root."""
    quotient, carry = list[Fraction](), Fraction(0)
    for coefficient in reversed(polynomial):
        carry = carry * root + coefficient
        quotient.append(carry)
    return quotient[-2::-1]


def _rational_root(polynomial: Polynomial) -> Fraction:
    scale = lcm(*(c.denominator for c in polynomial))
    last, first = abs(int(polynomial[0] * scale)), abs(int(polynomial[-1] * scale))
    if last > LARGEST or first > LARGEST:
        raise Undecided("large coefficients")
    for p in _divisors(last):
        for q in _divisors(first):
            for root in (Fraction(p, q), Fraction(-p, q)):
                if evaluate_polynomial(polynomial, root) == 0:
                    return root
    raise Undecided("no rational root")


def _divisors(number: int) -> list[int]:
    small = [d for d in range(1, int(sqrt(number)) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})


def _of_low_degree(polynomial: Polynomial) -> list[Root]:
    if len(polynomial) < 2:
        return []
    if len(polynomial) == 2:
        root = -polynomial[0] / polynomial[1]
        return [Root(number_node(root), float(root))]
    c, b, a = polynomial
    under = b * b - 4 * a * c
    if under < 0:
        return []
    return [_quadratic(b, a, under, sign) for sign in ((-1, 1) if under else (1,))]


def _quadratic(b: Fraction, a: Fraction, under: Fraction, sign: int) -> Root:
    """Returns (-b + sign sqrt(under)) / 2a, as a number where it is one."""
    try:
        root = (-b + sign * exact.exact_power(under, Fraction(1, 2))) / (2 * a)
        return Root(number_node(root), float(root))
    except Undecided:
        pass
    surd = Node("mul", None, (number_node(sign), Node("fn", "root", (number_node(under), number_node(2)))))
    at = (float(-b) + sign * sqrt(under)) / float(2 * a)
    return Root(Node("div", None, (Node("add", None, (number_node(-b), surd)), number_node(2 * a))), at)
