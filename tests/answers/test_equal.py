"""Which answers are the same mathematical object, and which rung of the ladder says so."""

from __future__ import annotations

import pytest

from numerate.answers import decide, equal

SAME = [
    # numbers
    ("1,234,567", "1234567"), ("$5.00", "5"), ("72.", "72"), ("-0", "0"), ("\u22127", "-7"), ("- 5", "-5"),
    ("0.25", "1/4"), ("25\\%", "25"), ("25%", "0.25"), ("2 3/4", "2.75"), ("2\\frac34", "\\frac{11}{4}"),
    ("6.02e3", "6020"), ("6.02 \\times 10^{3}", "6020"), ("0.\\overline{6}", "\\frac23"),
    ("3.2 million", "3200000"),
    ("7 apples", "7"), ("7", "7\\text{ cm}^2"), ("12 m/s", "12"), ("\\$40", "40 dollars"),
    ("90^\\circ", "90"),
    ("12^{\\text{th}}", "12"), ("½", "0.5"), ("１２", "12"), ("0.30000000000000004", "0.3"),
    # expressions
    ("\\tfrac{10}{4}", "\\dfrac52"), ("\\sqrt{50}", "5\\sqrt2"),
    ("\\frac{1}{\\sqrt3}", "\\frac{\\sqrt{3}}{3}"),
    ("3*pi", "3\\pi"), ("\\sqrt{3+2\\sqrt2}", "1+\\sqrt{2}"), ("(x+1)^2", "x^2+2x+1"), ("2**5", "32"),
    ("\\frac{x^2-1}{x-1}", "x+1"), ("e^{2x}", "(e^x)^2"), ("\\log_3 81", "4"), ("\\binom{6}{2}", "15"),
    ("\\sin^2 t+\\cos^2 t", "1"), ("(2+i)(2-i)", "5"), ("7^{300}\\cdot 7", "7^{301}"), ("|x-3|", "|3-x|"),
    # structure
    ("(1, 2)", "\\left( 1,2 \\right)"), ("\\{3, 1\\}", "1, 3"), ("1 \\text{ or } 3", "x=3, x=1"),
    ("3\\pm 1", "2, 4"),
    ("x \\ge 2", "[2, \\infty)"), ("1 < x \\le 3", "(1,3]"), ("x \\ne 0", "(-\\infty,0)\\cup(0,\\infty)"),
    ("x<0 \\text{ or } x>4", "(-\\infty,0)\\cup(4,\\infty)"), ("y=2x+1", "2x+1"), ("f(t)=t^2", "t^2"),
    ("2x+4y=6", "x+2y-3=0"), ("y = 2x", "x = \\frac{y}{2}"), ("2 : 3", "2:3"), ("x+y \\le 2", "2 \\ge y+x"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
    "\\begin{bmatrix} 1 & 2 \\\\ 3 & \\frac{8}{2} \\end{bmatrix}"),
    ("-\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}-1\\\\-2\\end{pmatrix}"), ("31_{7}", "31_7"),
    ("\\{\\}", "\\emptyset"), ("a=1, b=2", "(1,2)"),
    # words and wrappers
    ("\\text{No solution}", "no solutions"), ("Tuesday", "tuesday"), ("(C)", "C"), ("\\text{(C) } 14", "C"),
    ("The total is $\\boxed{12}$.", "12"), ("\\boxed{\\boxed{8}}", "8"), ("4:30 p.m.", "4:30 \\text{ pm}"),
]  # fmt: skip

DIFFERENT = [
    ("24", "42"), ("0.33", "1/3"), ("3.14", "\\pi"), ("50", "0.5"), ("5%", "0.5"), ("x", "w"),
    ("(1,2)", "(2,1)"),
    ("[1,2]", "(1,2)"), ("\\{1,2\\}", "[1,2]"), ("1, 2, 3", "1, 2"), ("1 or 2", "1"), ("x > 5", "5"),
    ("5x", "5"),
    ("x^2+y^2=4", "4"), ("x=3", "y=3"), ("2x+y=1", "2x-y=1"), ("x<3", "x\\le 3"), ("31_7", "31_8"),
    ("5 cm", "5 m"),
    ("9\\text{ m}^2", "9\\text{ m}^3"), ("", "0"), ("nan", "0"), ("I don't know", "0"), ("\\boxed{}", "0"),
    ("A", "B"), ("(A) or (B)", "A"), ("Monday", "Tuesday"), ("June 20", "June 21"),
    ("2^{3^{4^{5^6}}}", "2^{3}"),
    ("\\frac{3}{4}", "34"), ("1\\frac12", "\\frac12"), ("2\\sqrt3", "3\\sqrt2"), ("x+y>2", "x+y<2"),
    ("x1", "x"),
    ("x-y>2", "y-x>2"), ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}"),
    ("4:30 p.m.", "4:30 a.m."), ("10000000000001", "10000000000002"), ("25.00000000001", "25"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_object_is_equal_both_ways_round(one: str, other: str) -> None:
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_objects_are_not(one: str, other: str) -> None:
    assert not equal(one, other)
    assert not equal(other, one)


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("12", "12", "string"),
        ("12.0", "12", "number"),
        ("\\frac{24}{2}", "12", "number"),
        ("(1,2)", "( 1, 2 )", "structure"),
        ("(1,\\frac22)", "(1,1)", "structure"),
        ("2(x+1)", "2x+2", "symbolic"),
        ("b", "(B)", "choice"),
        ("12", "13", "no_match"),
        ("", "13", "no_answer"),
    ],
)
def test_the_rung_that_decided_is_named(one: str, other: str, how: str) -> None:
    assert decide(one, other).how == how


def test_a_choice_counts_by_its_letter_only() -> None:
    assert equal("B. 12", "B", kind="choice")
    assert not equal("C", "B", kind="choice")
    assert not equal("12", "B", kind="choice")
