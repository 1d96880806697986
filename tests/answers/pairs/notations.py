"""Notations of other countries and other fields: intervals, bases, congruences, counts, decimals."""

from __future__ import annotations

SAME = [
    # intervals, bases, congruences, counts, decimals
    ("]2,5]", "(2,5]"),
    ("[-1, 3[", "[-1,3)"),
    (r"]-\infty, 2[ \cup ]3, +\infty[", "x<2 or x>3"),
    (r"x \in ]0;1[", "0<x<1"),
    (r"110_{\text{two}}", "110_2"),
    ("21_{three}", "21_3"),
    ("243 base 5", "243_5"),
    (r"\text{101}_{\text{two}}", "101_2"),
    (r"x \equiv 12 \pmod 5", r"x \equiv 2 \pmod{5}"),
    (r"n \equiv -1 \mod 4", r"n \equiv 3 (mod 4)"),
    (r"5 \bmod 8", r"5 \pmod 8"),
    (r"17 \bmod 5", "2"),
    (r"x \equiv 1, 4 \pmod 5", r"x \equiv 1 \pmod 5 \text{ or } x \equiv 4 \pmod 5"),
    (r"2x \equiv 3 \pmod 5", r"2x \equiv 8 \pmod 5"),
    ("^{8}C_2", "28"),
    ("{}^5C_2", "10"),
    ("_{8}C_{2}", r"\binom{8}{2}"),
    ("{}^{5}P_2", "20"),
    ("dy/dx = 3x^2", r"\frac{dy}{dx} = 3x^2"),
    ("dy/dx = 3x^2", "3x^2"),
    ("2 000 1/2", "2000.5"),
    (r"1.23456789012345 \times 10^{-2}", "0.0123456789012345"),
    (r"6.172839506172840 \times 10^{-2}", r"\frac{5}{81}"),
    (r"3\surd{5}", r"\sqrt{45}"),
]

DIFFERENT = [
    # intervals, bases, congruences, counts, decimals
    ("]2,5]", "[2,5]"),
    ("[-1, 3[", "[-1,3]"),
    ("]2,5[", "[2,5]"),
    ("[1,2],[3,4]", "[1,2],[3,5]"),
    (r"110_{\text{two}}", "110_3"),
    (r"110_{\text{two}}", "101_2"),
    ("243 base 5", "243_6"),
    (r"x \equiv 12 \pmod 5", r"x \equiv 3 \pmod{5}"),
    (r"x \equiv 2 \pmod 5", r"x \equiv 2 \pmod{7}"),
    (r"x \equiv 2 \pmod 5", r"y \equiv 2 \pmod{5}"),
    (r"x \equiv 2 \pmod 5", "2"),
    (r"x \equiv 2 \pmod 5", "x = 2"),
    (r"7 \bmod 3", r"3 \bmod 7"),
    (r"17 \bmod 5", "17"),
    (r"17 \bmod 5", "3"),
    (r"x \equiv 1, 4 \pmod 5", r"x \equiv 1, 3 \pmod 5"),
    (r"2x \equiv 3 \pmod 5", r"x \equiv 3 \pmod 5"),
    ("^{8}C_2", "^{8}P_2"),
    ("{}^5C_2", "{}^2C_5"),
    ("_{8}C_{2}", r"\binom{8}{3}"),
    ("dy/dx", "y/x"),
    ("2 000 1/2", "2000"),
    (r"6.172839506172840 \times 10^{-2}", r"\frac{5}{82}"),
    (r"6.172839506172840 \times 10^{-3}", r"\frac{5}{81}"),
]
