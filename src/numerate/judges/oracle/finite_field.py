"""Quantities as points of a finite field: the cheap and exact way to ask whether two formulas are the same.

A story's quantity is a rational function of the numbers its text gives. Two such functions that differ
still agree at some points, often at the very numbers of the story (2 + 2 = 2 * 2); at a point drawn from a
field of p = 2^61 - 1 elements they agree with probability at most degree / p (Schwartz 1980, Zippel 1979).
So a quantity is kept as two residues: `value`, the function at the story's own numbers, and `identity`, the
function at drawn ones. Equal identities mean the same formula; no search over algebra is needed.
"""

from __future__ import annotations

from typing import NamedTuple

from numerate.judges.oracle.arithmetic import Number

P = (1 << 61) - 1


class Quantity(NamedTuple):
    value: int
    """residue of its number in the story"""
    identity: int
    """residue of its formula at the drawn point"""


def field_residue(x: Number) -> int:
    """Returns x as an element of the field: numbers with numerator and denominator below 2^30 never share
    one."""
    if isinstance(x, int):
        return x % P
    return x.numerator * pow(x.denominator, -1, P) % P


def constant_quantity(x: Number) -> Quantity:
    r = field_residue(x)
    return Quantity(r, r)


def drawn_value(index: int) -> int:
    """Returns the drawn value of the index-th given number: one round of splitmix64, the same on every
    machine."""
    z = (index + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return (z ^ (z >> 31)) % P


def combine_residues(sign: str, a: int, b: int) -> int:
    """Returns a sign b in the field. Raises ZeroDivisionError."""
    if sign == "+":
        return (a + b) % P
    if sign == "-":
        return (a - b) % P
    if sign == "*":
        return a * b % P
    return a * field_inverse(b) % P


def field_inverse(a: int) -> int:
    """Returns the inverse in the field. Raises ZeroDivisionError for 0."""
    if a % P == 0:
        raise ZeroDivisionError("division by zero")
    return pow(a, -1, P)


def combine_both(sign: str, a: Quantity, b: Quantity) -> Quantity:
    return Quantity(combine_residues(sign, a.value, b.value), combine_residues(sign, a.identity, b.identity))
