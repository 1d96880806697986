"""Exact values: rational numbers within a bound, and expressions modulo a large prime.

Two rational functions over Q(i) in the same letters that agree at a random point modulo p ~ 2**61 are
identical but for a chance of degree/p (Schwartz 1980, lemma 1); pi, e and the letters are independent
unknowns there.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from numerate.answers.budget import spend_steps
from numerate.answers.expr.tree import OPERATORS, Node, Undecided

BITS = 8_192
"""the longest numerator or denominator that is computed"""
LONG = 512
BITS_PER_STEP = 32
"""of long numbers, whose arithmetic is paid for by their length"""
PRIME = 2**61 - 31
"""the largest prime below 2**61 that is 1 modulo 4, so that -1 has a root"""
IMAGINARY = 583_529_827_753_931_384
"""its square is -1 modulo PRIME"""


# -- rational numbers ----------------------------------------------------------------------
def exact_rational(node: Node) -> Fraction:
    """Returns the exact value of a constant. Raises Undecided when it is irrational, too long, or has
    letters."""
    if node.kind == "num":
        value: Fraction = node.value
    elif node.kind == "float":
        value = node.value[0]
    else:
        rule = _RATIONAL.get(node.kind)
        if rule is None:
            raise Undecided(node.kind)
        spend_steps()
        value = rule(node)
    return check_bounded(value)


def _sum(node: Node) -> Fraction:
    total = Fraction(0)
    for arg in node.args:
        total = check_bounded(total + exact_rational(arg))
    return total


def _product(node: Node) -> Fraction:
    total = Fraction(1)
    for arg in node.args:
        total = check_bounded(total * exact_rational(arg))
    return total


def check_bounded(value: Fraction) -> Fraction:
    """Returns the value, whose length is paid for. Raises Undecided where it is too long."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if bits > BITS:
        raise Undecided("too long")
    if bits > LONG:
        spend_steps(bits // BITS_PER_STEP)
    return value


def _quotient(node: Node) -> Fraction:
    bottom = exact_rational(node.args[1])
    if bottom == 0:
        raise Undecided("division by zero")
    return exact_rational(node.args[0]) / bottom


def _power(node: Node) -> Fraction:
    return exact_power(exact_rational(node.args[0]), exact_rational(node.args[1]))


def exact_power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent <= 0:
        if exponent == 0:
            return Fraction(1)
        raise Undecided("division by zero")
    if exponent.denominator != 1:
        base = _exact_root(base, exponent.denominator)
        exponent = Fraction(exponent.numerator)
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (-1, 0, 1) and size * abs(exponent) > BITS:
        raise Undecided("too long")
    if base in (-1, 0, 1):
        return base if exponent.numerator % 2 or base == 0 else Fraction(1)
    return base**exponent.numerator


def _exact_root(value: Fraction, degree: int) -> Fraction:
    if degree > 64 or (value < 0 and degree % 2 == 0):
        raise Undecided("no real root")
    sign = -1 if value < 0 else 1
    return Fraction(
        sign * _integer_root(abs(value.numerator), degree), _integer_root(value.denominator, degree)
    )


def _integer_root(value: int, degree: int) -> int:
    root = math.isqrt(value) if degree == 2 else _newton(value, degree)
    if root**degree != value:
        raise Undecided("irrational")
    return root


def _newton(value: int, degree: int) -> int:
    """Returns the integer part of the degree-th root, from above."""
    if value < 2:
        return value
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better


def _function(node: Node) -> Fraction:
    rule = _FUNCTIONS.get(node.value)
    if rule is None:
        raise Undecided(node.value)
    return rule(*(exact_rational(arg) for arg in node.args))


def _whole(value: Fraction, most: int) -> int:
    if value.denominator != 1 or not 0 <= value <= most:
        raise Undecided("out of bounds")
    return value.numerator


def _root(value: Fraction, degree: Fraction) -> Fraction:
    return exact_power(value, Fraction(1, _whole(degree, 64) or 1))


def _log(value: Fraction, base: Fraction = Fraction(10)) -> Fraction:
    """Returns a logarithm that is a whole number, such as log_2 8; else None."""
    if value <= 0 or base <= 1:
        raise Undecided("a logarithm")
    size, unit = (math.log(x.numerator) - math.log(x.denominator) for x in (value, base))
    if unit == 0:  # of a base closer to 1 than doubles can tell
        raise Undecided("a logarithm")
    estimate = round(size / unit)
    if abs(estimate) > 4_000 or exact_power(base, Fraction(estimate)) != value:
        raise Undecided("irrational")
    return Fraction(estimate)


def _floor(value: Fraction) -> Fraction:
    return Fraction(math.floor(value))


def _ceil(value: Fraction) -> Fraction:
    return Fraction(math.ceil(value))


def _factorial(n: Fraction) -> Fraction:
    return Fraction(math.factorial(_whole(n, 600)))


def _binomial(n: Fraction, k: Fraction) -> Fraction:
    return Fraction(math.comb(_whole(n, 2_000), _whole(k, 2_000)))


def _gcd(*values: Fraction) -> Fraction:
    return Fraction(math.gcd(*_integers(*values)))


def _lcm(*values: Fraction) -> Fraction:
    total = 1
    for value in _integers(*values):
        total = check_bounded(Fraction(math.lcm(total, value))).numerator
    return Fraction(total)


LARGEST_DETERMINANT = 6
"""rows; the expansion along a row has 720 terms"""


def exact_determinant(entries: Sequence[Any]) -> Any:
    """Returns the determinant of a square matrix given by rows, by expansion along its first row."""
    size = math.isqrt(len(entries))
    if size > LARGEST_DETERMINANT:
        raise Undecided("a large determinant")
    spend_steps(size)
    if size == 1:
        return entries[0]
    minors = ([entries[k] for k in range(size, size * size) if k % size != column] for column in range(size))
    return sum(
        (-1) ** column * entries[column] * exact_determinant(minor) for column, minor in enumerate(minors)
    )


def _determinant(*entries: Fraction) -> Fraction:
    if sum(e.numerator.bit_length() + e.denominator.bit_length() for e in entries) > BITS:
        raise Undecided("a determinant of long numbers")
    return check_bounded(exact_determinant(entries))


def _modulo(value: Fraction, modulus: Fraction) -> Fraction:
    if modulus <= 0:
        raise Undecided("no modulus")
    return value % modulus


def _integers(*values: Fraction) -> list[int]:
    if any(v.denominator != 1 for v in values):
        raise Undecided("not whole")
    return [v.numerator for v in values]


_FUNCTIONS: dict[str, Callable[..., Fraction]] = {
    "abs": Fraction.__abs__,
    "floor": _floor,
    "ceil": _ceil,
    "root": _root,
    "log": _log,
    "factorial": _factorial,
    "binomial": _binomial,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "gcd": _gcd,
    "lcm": _lcm,
    "det": _determinant,
}

_RATIONAL: dict[str, Callable[[Node], Fraction]] = {
    "add": _sum,
    "mul": _product,
    "div": _quotient,
    "neg": lambda node: -exact_rational(node.args[0]),
    "pow": _power,
    "percent": lambda node: exact_rational(node.args[0]) / 100,
    "mod": lambda node: _modulo(*map(exact_rational, node.args)),
    "fn": _function,
}


# -- expressions modulo a prime ----------------------------------------------------------------------
def residue_modulo_prime(node: Node) -> int:
    """Returns the value modulo PRIME with every letter at its own fixed random point. Raises Undecided
    outside rational functions."""
    spend_steps()
    rule = _RESIDUES.get(node.kind)
    if rule is None:
        return _ratio_of(exact_rational(node))
    return rule(node) % PRIME


def _ratio_of(value: Fraction) -> int:
    return value.numerator * _inverse(value.denominator) % PRIME


def _inverse(value: int) -> int:
    if value % PRIME == 0:
        raise Undecided("division by zero")
    return pow(value, -1, PRIME)


def random_point(name: str, salt: int) -> int:
    """Returns a fixed number between 0 and 2**64 for each name."""
    data = name.encode("utf-8", "surrogatepass")
    return zlib.crc32(data, salt) << 32 | zlib.crc32(data[::-1] + b"*", salt ^ 0x5BD1E995)


def _letter(node: Node) -> int:
    if node.value == "infinity":
        raise Undecided("infinite")
    return IMAGINARY if node.value == "i" else random_point(node.value, 1)


def _residue_product(node: Node) -> int:
    total = 1
    for arg in node.args:
        total = total * residue_modulo_prime(arg) % PRIME
    return total


def _residue_power(node: Node) -> int:
    exponent = exact_rational(node.args[1])
    if exponent.denominator != 1:
        raise Undecided("not a rational function")
    base = residue_modulo_prime(node.args[0])
    power = abs(exponent.numerator)
    if base:
        power %= PRIME - 1  # Fermat: base**(PRIME - 1) is 1
    return pow(base if exponent >= 0 else _inverse(base), power, PRIME)


def _residue_function(node: Node) -> int:
    return (
        exact_determinant([residue_modulo_prime(arg) for arg in node.args])
        if node.value == "det"
        else _ratio_of(exact_rational(node))
    )


def function_application(node: Node) -> Node:
    """Returns f(x) as an expression of its own: the product that x(y) would be, or an unknown named by its
    text."""
    if len(node.args) == 1 and node.args[0].kind == "sym" and node.value not in OPERATORS:
        return Node("mul", None, (Node("sym", node.value), node.args[0]))
    name = repr(node)
    spend_steps(len(name) // 64)
    return Node("sym", name)


_RESIDUES: dict[str, Callable[[Node], int]] = {
    "num": lambda node: _ratio_of(node.value),
    "sym": _letter,
    "call": lambda node: residue_modulo_prime(function_application(node)),
    "add": lambda node: sum(residue_modulo_prime(arg) for arg in node.args),
    "mul": _residue_product,
    "div": lambda node: residue_modulo_prime(node.args[0]) * _inverse(residue_modulo_prime(node.args[1])),
    "neg": lambda node: -residue_modulo_prime(node.args[0]),
    "pow": _residue_power,
    "percent": lambda node: residue_modulo_prime(node.args[0]) * _inverse(100),
    "fn": _residue_function,
}
