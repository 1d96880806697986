"""Times, dates, sentences that announce an answer, phrases, families with a parameter."""

from __future__ import annotations

import pytest

from numerate.answers import cluster, equal

SAME = [
    # times, dates, sentences, families
    ("16:45", "4:45 PM"),
    ("16:45", r"04:45 \text{ p.m.}"),
    ("7:05", "07:05"),
    ("9:15:00", "9:15"),
    ("3{:}40", "3:40"),
    ("noon", "12:00 PM"),
    ("midnight", "12:00 a.m."),
    ("4:30 PM", "4:30"),
    ("14 March 1879", "March 14, 1879"),
    ("Jan 5, 2020", "5 January 2020"),
    ("2020-01-05", "January 5, 2020"),
    (r"\text{Answer: } 42", "42"),
    (r"\text{The final answer is } \frac12", "0.5"),
    ("The answer is 42", "42"),
    ("Therefore, the answer is 42.", "42"),
    (r"\text{The answer is 42}", "42"),
    ("Answer: (C)", "C"),
    ("The correct answer is D", "D"),
    ("DNE", r"\text{Does not exist}"),
    (r"\text{the limit does not exist}", "DNE"),
    (r"\text{Infinitely many}", "infinite number of solutions"),
    ("x is between 1 and 4, inclusive", "[1,4]"),
    ("x between 1 and 4, exclusive", "(1,4)"),
    ("between -2 and 3 (inclusive)", "[-2,3]"),
    ("4 and 9", "4, 9"),
    (r"\text{4 and 9}", r"\{4,9\}"),
    (r"2k\pi, k \in \mathbb{Z}", r"2n\pi \text{ where } n \text{ is an integer}"),
    (
        r"x = \frac{\pi}{3} + 2k\pi,\ k \in \mathbb{Z}",
        r"x = \frac{\pi}{3} + 2m\pi \text{ for any integer } m",
    ),
    (r"\frac{\pi}{4} + k\pi \ (k \in \mathbb{Z})", r"\frac{5\pi}{4} + n\pi, n \in \mathbb{Z}"),
    (r"2k+1, k\in\mathbb Z", r"2n-1, n \in \mathbb{Z}"),
    (r"3^n, n \in \mathbb{N}", r"3^k, k \in \mathbb{N}"),
    (r"x = 30^\circ + 360^\circ k, k \in \mathbb{Z}", r"30^\circ + 360^\circ n, n \in \mathbb{Z}"),
    (r"x = k\pi, k \in \mathbb{Z}", r"k\pi"),
    (
        r"\frac{\pi}{6} + 2k\pi, \frac{5\pi}{6} + 2k\pi, k \in \mathbb{Z}",
        r"\frac{5\pi}{6} + 2n\pi, \frac{\pi}{6} + 2n\pi, n \in \mathbb{Z}",
    ),
    (r"\{k\pi \mid k \in \mathbb{Z}\}", r"n\pi, n \in \mathbb{Z}"),
    (r"\{x : x > 2\}", r"(2,\infty)"),
    (r"\text{all real numbers except } 2", r"\mathbb{R}\setminus\{2\}"),
    (r"x \ne 2, 3", r"x \ne 2, 3"),
    (r"\text{all real numbers except 1 and 4}", r"\mathbb{R} \setminus \{1,4\}"),
    ("the 4th of July", "July 4"),
    ("The correct option is (B)", "B"),
    (r"\text{The value is } 9", "9"),
    (r"\lim_{x\to 0} f(x) = 2", "2"),
    (r"\int_0^1 x\,dx = \frac12", "0.5"),
    (r"\frac{d}{dx}f(x) = 2x", "2x"),
    ("|AB| = 6", "6"),
    (r"\text{Var}(X) = 2", "2"),
    (r"\text{Area of } ABC = 12", "12"),
    ("6C2", "15"),
]

DIFFERENT = [
    # times, dates, sentences, families
    ("16:45", "5:45 PM"),
    ("16:45", "4:45"),
    ("16:45", "4:45 AM"),
    ("16:45", "4:54 PM"),
    ("9:15:30", "9:15"),
    ("12:30 midnight", "12:30 noon"),
    ("noon", "midnight"),
    ("12:30 AM", "12:30 PM"),
    ("5 PM", "5 AM"),
    ("14 March 1879", "March 15, 1879"),
    ("14 March 1879", "14 May 1879"),
    ("14 March 1879", "March 14, 1897"),
    ("2020-01-05", "2014"),
    ("5 January", "5 February"),
    (r"\text{Answer: } 42", "24"),
    ("The answer is 42", "43"),
    ("The answer is not 42", "42"),
    ("The correct answer is D", "E"),
    ("DNE", "0"),
    ("DNE", r"\text{no solution}"),
    (r"\text{Infinitely many}", r"\text{none}"),
    (r"\text{none}", "1"),
    ("x is between 1 and 4, inclusive", "(1,4)"),
    ("x is between 1 and 4", "[1,4]"),
    ("x between 1 and 4, exclusive", "[1,4]"),
    (r"\text{4 and 9}", "4"),
    (r"\text{4 and 9}", "49"),
    (r"2k\pi, k \in \mathbb{Z}", r"(2n+1)\pi, n \in \mathbb{Z}"),
    (r"2k\pi, k \in \mathbb{Z}", r"n\pi, n \in \mathbb{Z}"),
    (r"2k, k \in \mathbb{Z}", r"2k, k \in \mathbb{N}"),
    (r"2k, k \in \mathbb{N}", r"2k+2, k \in \mathbb{N}"),
    (r"\frac{\pi}{4} + k\pi \ (k \in \mathbb{Z})", r"\frac{3\pi}{4} + n\pi, n \in \mathbb{Z}"),
    (r"nk\pi, k \in \mathbb{Z}", r"nk\pi, n \in \mathbb{Z}"),
    (r"k\pi, k \in \mathbb{Z}", r"n\pi"),
    (r"\{k\pi \mid k \in \mathbb{Z}\}", r"\{2k\pi \mid k \in \mathbb{Z}\}"),
    (r"\{x \in \mathbb{Z} \mid x > 2\}", r"(2,\infty)"),
    (r"\{x : x > 2\}", r"[2,\infty)"),
    (r"\text{all real numbers except } 2", r"\mathbb{R}\setminus\{3\}"),
    (r"\text{all real numbers except } 2", r"\mathbb{R}"),
    ("|x| = 6", "6"),
    (r"\text{Var}(X) = 2", r"\text{Var}(Y) = 2"),
    (r"\int_0^1 x\,dx = \frac12", r"\int_0^1 x\,dx"),
    ("6C2", "62"),
]

APART = [
    ("12:00 noon", "12 noon"),
    ("5 PM", "17:00"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_both_ways_round_and_in_the_vote(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)
    assert len(set(cluster([one, other]))) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_near_misses_are_different(one: str, other: str) -> None:
    assert not equal(one, other) and not equal(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_equal_but_votes_are_counted_without_units(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)
