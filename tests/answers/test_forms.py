"""Other ways to write an answer: words, other bases and digits, sets with a minus, degrees, ratios."""

from __future__ import annotations

import pytest

from numerate.answers import cluster, equal
from numerate.answers.text.normalize import plain_words
from numerate.answers.text.number_words import read_number_words

SAME = [
    # words
    ("seven", "7"), ("Twenty-one", "21"), ("two hundred and five", "205"), ("seven days", "7"),
    ("three thousand two hundred", "3200"), ("one half", "1/2"), ("three quarters", "0.75"),
    ("all real numbers", "\\mathbb{R}"), ("\\text{All real numbers.}", "(-\\infty, \\infty)"),
    ("\\text{no real solution}", "\\emptyset"), ("the empty set", "\\{\\}"),
    # digits
    ("1A_{16}", "1\\text{a}_{16}"), ("0.1(6)", "1/6"), ("2.\\overline{3}", "2.(3)"), ("1 000 000", "10^6"),
    ("\u0661\u0662", "12"), ("`42`", "42"), ('"42"', "42"), ("5.0e3", "5 \\cdot 10^3"),
    # sets
    ("\\mathbb{R} \\setminus \\{2, -1\\}", "(-\\infty,-1)\\cup(-1,2)\\cup(2,\\infty)"),
    ("\\mathbb{R} - \\{0\\}", "x \\ne 0"), ("[0,3] \\backslash \\{1\\}", "[0,1)\\cup(1,3]"),
    ("|x| < 2", "(-2, 2)"), ("|x-1| \\le 3", "[-2, 4]"),
    ("|x+1| > \\frac12", "x<-\\frac32 \\text{ or } x>-0.5"),
    ("x = 2k\\pi, k \\in \\mathbb{Z}", "2\\pi k"),
    ("\\frac{\\pi}{4}+n\\pi \\text{ where } n \\text{ is an integer}",
    "n\\pi + \\pi/4"),
    # structure
    ("2:4", "1:2"), ("\\frac12 : 1 : 2", "1:2:4"), ("\\langle 1, 2\\rangle", "(1,2)"),
    ("[[1,2],[3,4]]", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"),
    ("f(2) = 5", "5"), ("m\\angle A = 40^\\circ", "40"),
    ("\\{x \\in \\mathbb{R} : x \\ge 0\\}", "[0,\\infty)"),
    ("n \\in \\mathbb{Z}", "$n \\in \\mathbb{Z}$"),
    ("3 \\text{ to } 4", "3:4"), ("= 7", "7"), ("7 \\\\", "7"), ("(A), (C)", "C and A"),
    # units
    ("5 \\text{ km/h}", "5 km/h"), ("60 mph", "60 miles per hour"), ("\\text{18 years old}", "18"),
    ("2.0 \\times 10^{5} \\text{ m}", "200000"), ("0.333...", "1/3"), ("0.1666\\ldots", "\\frac16"),
    # functions
    ("{6 \\choose 2}", "15"), ("C(6,2)", "15"), ("\\cos 60^\\circ", "1/2"), ("2\\sin(30^{\\circ})", "1"),
    ("n!", "n \\cdot (n-1)!"), ("\\log(x^2)", "2\\log x"),
    ("\\sqrt{ab}", "\\sqrt a \\sqrt b"), ("\\sqrt{x^2}", "|x|"),
]  # fmt: skip

DIFFERENT = [
    ("forty-two", "24"), ("seven hundred", "7"), ("half", "2"), ("one", "two"), ("no solution", "0"),
    ("all real numbers", "all integers"), ("1A_{16}", "1B_{16}"), ("1A_{16}", "1A_{12}"), ("1A_{16}", "26"),
    ("0.1(6)", "0.16"), ("0.1(6)", "1.6"), ("1 000", "1"), ("1 00", "100"),
    ("\\mathbb{R} \\setminus \\{1\\}", "\\mathbb{R}"), ("\\mathbb{R} \\setminus \\{1\\}", "x \\ne 2"),
    ("[0,3] \\setminus \\{5\\}", "[0,3]\\cup\\{5\\}"), ("|x| < 2", "(-2, 2]"), ("|x-1| < 3", "(-4, 2)"),
    ("2k\\pi, k \\in \\mathbb{Z}", "k\\pi"), ("2:4", "2:1"), ("0:1", "0:2"),
    ("2:30", "1:15"), ("12:00", "1:00"),
    ("C(6,2)", "30"), ("\\cos 60^\\circ", "\\cos 60"), ("\\sqrt{x^2}", "x"), ("\\sqrt{(x-1)^2}", "x-1"),
    ("C(n,2)", "5"), ("2n \\in \\mathbb{Z}", "2"), ("n!", "n"),
    ("f(2) = 5", "10"), ("5 km/h", "5 km/s"), ("3 to 4", "4 to 3"),
    ("0.333", "1/3"), ("0.66...", "0.66"),
    ("[[1,2],[3,4]]", "[[1,3],[2,4]]"),
]  # fmt: skip


MONEY = [("\\$5", "5 cents"), ("\\$5", "€5"), ("5 dollars", "€5")]
"""votes are counted without units"""


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_both_ways_round(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT + MONEY)
def test_different_both_ways_round(one: str, other: str) -> None:
    assert not equal(one, other) and not equal(other, one)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_equal_votes_together(one: str, other: str) -> None:
    assert len(set(cluster([one, other]))) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_is_different_does_not(one: str, other: str) -> None:
    assert len(set(cluster([one, other]))) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nineteen", "19"), ("ninety nine", "99"), ("two million", "2000000"), ("two and a half", "5/2"),
        ("third", None), ("two thirds", "2/3"), ("one cat and two dogs", "1 cat and two dogs"), ("cat", None),
        ("hundred", None),
    ],
)  # fmt: skip
def test_numbers_in_words(text: str, found: str | None) -> None:
    assert read_number_words(text, plain_words(text)) == found
