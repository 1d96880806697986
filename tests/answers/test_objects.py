"""Functions, probabilities, angles, points, vectors, determinants and sets: what is no product of letters."""

from __future__ import annotations

import pytest

from numerate.answers import cluster, equal

SAME = [
    # functions, angles, determinants, repeating decimals
    (r"\begin{vmatrix}2&0\\0&3\end{vmatrix}", "6"),
    (r"\det\begin{pmatrix}a&b\\c&d\end{pmatrix}", "ad-bc"),
    (r"\left|\begin{matrix}1&2\\3&4\end{matrix}\right|", "-2"),
    (r"\begin{vmatrix}\sqrt2&1\\1&\sqrt2\end{vmatrix}", "1"),
    (r"\binom{n}{3}", r"\frac{n(n-1)(n-2)}{6}"),
    (r"\binom{n+1}{2}", r"\frac{n(n+1)}{2}"),
    (r"\binom{n}{k}", r"\frac{n!}{k!(n-k)!}"),
    (r"\binom{n}{k}", r"\binom{n}{n-k}"),
    (r"\binom{n}{2}+n", r"\binom{n+1}{2}"),
    (r"5\operatorname{cis} 180^\circ", "-5"),
    (r"2\text{cis}\left(\frac{\pi}{3}\right)", r"1+i\sqrt3"),
    (r"\cos x", r"\sin(90^\circ - x)"),
    (r"\{\{1\},2\}", r"\{2,\{1\}\}"),
    (r"\{\emptyset, \{1\}\}", r"\{\{1\},\emptyset\}"),
    ("f'(2) = 5", "5"),
    (r"(f\circ g)(x) = 4x^2", "4x^2"),
    (r"(2, 30^\circ)", r"(2,\pi/6)"),
    (r"30^\circ, 60^\circ", r"\frac\pi6,\frac\pi3"),
    (r"\theta = 45^\circ", r"\frac{\pi}{4}"),
    (r"180^\circ - 2\alpha", r"180-2\alpha"),
    (r"\sin(30)^\circ", r"\frac12"),
    (r"P(A|B) = \frac12", "0.5"),
    ("P(X > 2) = 0.25", "1/4"),
    (r"\tan A = 2", "2"),
    ("f'(x) = 3x^2", "3x^2"),
    ("g^{-1}(x) = x+1", "x+1"),
    (r"\frac{d^2y}{dx^2} = 6x", "6x"),
    (r"\angle CBA", r"\angle ABC"),
    (r"\overline{AB}", r"\overline{BA}"),
    (r"\triangle BCA", r"\triangle ABC"),
    (r"0.\dot{3}", "1/3"),
    (r"0.1\dot{6}", r"\frac16"),
    (r"0.\dot{1}4285\dot{7}", r"\frac17"),
    (r"0.\bar{3}", "1/3"),
    (r"(-\infty,1) \bigcup (2,\infty)", "x<1 or x>2"),
    ("f(2) + 1 = 5", "2f(2) + 2 = 10"),
    # unions, conditions, dots, vectors, points
    (r"[0,1]\cup[1,4)", "[0,4)"),
    (r"(-\infty,2)\cup[1,5]", r"(-\infty,5]"),
    (r"[1,2)\cup\{2\}", "[1,2]"),
    (r"(0,\frac12)\cup[0.5,3]", "(0,3]"),
    (r"\{3\}\cup\{1,2\}", r"\{1,2,3\}"),
    (r"\{1,2\}\cup\{2,3\}", r"\{1,2,3\}"),
    ("x>1 and x<3", "(1,3)"),
    (r"x > 1 \text{ and } x \le 3", r"1 < x \le 3"),
    (r"x<1 \text{ or } x>3", r"(-\infty,1)\cup(3,\infty)"),
    ("1 or 2", "1 and 2"),
    ("x=1 and x=2", "x=1 or x=2"),
    (r"\{3,6,\ldots,15\}", r"\{3,6,9,12,15\}"),
    (r"1, 3, \dots, 9", "1,3,5,7,9"),
    (r"\{1, 2, 3, \ldots, 6\}", r"\{1,2,3,4,5,6\}"),
    (r"2\mathbf{i}-3\mathbf{j}", "(2,-3)"),
    (r"\hat{i} - \hat{k}", r"\langle 1,0,-1\rangle"),
    (r"2\mathbf{i}+\mathbf{j}+5\mathbf{k}", r"\begin{pmatrix}2\\1\\5\end{pmatrix}"),
    ("B(-2, 7)", "(-2,7)"),
    ("C(3,4)", "(3,4)"),
    ("A(1,2), B(3,4)", "(1,2),(3,4)"),
    ("C(n,2)", r"\frac{n(n-1)}{2}"),
    ("C(9,2)", "36"),
    (r"\text{3 or 5}", "3, 5"),
    (r"x \le 3", r"x \leq 3"),
]

DIFFERENT = [
    # functions, angles, determinants, repeating decimals
    (r"\begin{vmatrix}2&0\\0&3\end{vmatrix}", "5"),
    (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"),
    (r"\det\begin{pmatrix}a&b\\c&d\end{pmatrix}", "ad+bc"),
    (r"\binom{n}{3}", r"\frac{n(n-1)(n-2)}{3}"),
    (r"\binom{n}{k}", r"\binom{k}{n}"),
    (r"\binom{n}{2}", r"\binom{n+1}{2}"),
    (r"4\operatorname{cis} 60^\circ", "4i"),
    (r"\cos x", r"\sin(90^\circ + 2x)"),
    (r"\cos x", r"\sin(180^\circ - x)"),
    (r"\{\{1\},2\}", r"\{\{2\},1\}"),
    (r"\{\{1\}\}", r"\{1\}"),
    (r"\{\{1\}\}", "1"),
    (r"\{\{1,2\},3\}", r"\{1,2,3\}"),
    (r"60^\circ", r"\frac{\pi}{6}"),
    (r"60^\circ", r"60\pi"),
    ("60", r"\pi/3"),
    (r"(2, 30^\circ)", r"(2,\pi/3)"),
    (r"30^\circ, 60^\circ", r"\frac\pi6,\frac\pi4"),
    (r"P(A|B) = \frac12", r"P(B|A) = \frac12"),
    (r"P(A \cap B) = \frac12", r"P(A \cup B) = \frac12"),
    (r"\tan A = 2", r"\tan B = 2"),
    (r"\tan A = 2", r"\sin A = 2"),
    (r"\sin x = 0", "0"),
    ("f'(x) = 3x^2", "f(x) = 3x^2"),
    ("f'(x) = 3x^2", "y = 3x^2"),
    ("f^{-1}(x) = x", "f(x) = x"),
    (r"\frac{dy}{dx}", r"\frac{y}{x}"),
    (r"\frac{dy}{dx} = 2", r"\frac{dx}{dy} = 2"),
    (r"f \circ g", r"g \circ f"),
    (r"(f\circ g)(x) = 4x^2", r"(g\circ f)(x) = 4x^2"),
    (r"\overrightarrow{AB}", r"\overrightarrow{BA}"),
    (r"\angle ABC", r"\angle BAC"),
    (r"\triangle ABC \sim \triangle DEF", r"\triangle ABC \sim \triangle DFE"),
    (r"\triangle ABC", r"\triangle ABD"),
    (r"\overline{z}w", r"z\overline{w}"),
    ("I(0)e^{2t}", "I(0)e^{-2t}"),
    ("f(3)x", "f(4)x"),
    ("g'(0)x", "g'(1)x"),
    ("x^2 = 4", "4"),
    ("e^{-1000}", "e^{-2000}"),
    (r"0.\dot{1}4285\dot{7}", r"\frac16"),
    ("P(1+r)^2", "P(1-r)^2"),
    ("f(2) = 5", "g(3) = 7"),
    ("f'(x) + y' = 3", "f'(x) + y' = 4"),
    ("f(2)+1 = 5", "f(2)+1=6"),
    # unions, conditions, dots, vectors, points
    (r"[0,1)\cup(1,4)", "[0,4)"),
    (r"[0,1]\cup[2,4]", "[0,4]"),
    (r"[1,2)\cup\{3\}", "[1,3]"),
    ("(1,3)", r"(1,2)\cup(2,3)"),
    (r"\{3\}\cup\{1,2\}", r"\{1,2\}"),
    (r"\{1,2\}\cup\{2,3\}", r"\{1,2,2,4\}"),
    ("x>1 and x<3", "x>1 or x<3"),
    ("x>1 and x<3", r"(-\infty,\infty)"),
    ("x<1 or x>3", "(1,3)"),
    (r"p \land q", r"p \lor q"),
    (r"\{3,6,\ldots,15\}", r"\{3,6,15\}"),
    (r"\{3,6,\ldots,15\}", r"\{3,6,9,12\}"),
    (r"\{1,2,4,\ldots,16\}", r"\{1,2,3,4,16\}"),
    (r"1, 3, \dots, 9", "1,3,9"),
    (r"2\mathbf{i}-3\mathbf{j}", "(2,3)"),
    (r"2\mathbf{i}-3\mathbf{j}", "(-3,2)"),
    ("3i", "(3,0)"),
    (r"\hat{i} - \hat{k}", r"\langle 1,-1,0\rangle"),
    ("B(-2, 7)", "(7,-2)"),
    ("B(-2, 7)", "A(-2,7)"),
    ("C(10,3)", "(10,3)"),
    ("f(3,4)", "(3,4)"),
    ("1 and 2", "1 and 3"),
    ("x>1 or y<3", "x>1 or x<3"),
]

APART = [
    (r"60^\circ", r"\frac{\pi}{3}"),
    ("45 degrees", r"\frac\pi4"),
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
