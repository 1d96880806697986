"""What holds for every answer: reflexive, symmetric, blind to writing, never an exception."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.answers import cluster, equal, extract, grade
from numerate.types import Kind, Problem

KINDS: tuple[Kind, ...] = ("number", "math", "choice")
numbers = (
    st.fractions(max_denominator=999).map(str)
    | st.integers().map(str)
    | st.decimals(-999, 999, places=3).map(str)
)
atoms = st.sampled_from(["x", "y", "n", "\\pi", "2", "3", "\\sqrt{5}", "\\frac{1}{2}", "7"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} + {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} \\cdot {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"\\frac{{{p[0]}}}{{{p[1]}}}"),
        inner.map(lambda p: f"\\left({p}\\right)^{{2}}"),
        inner.map(lambda p: f"\\sqrt{{{p}}}"),
    ),
    max_leaves=6,
)
answers = (
    numbers | expressions | st.lists(expressions, min_size=2, max_size=3).map(lambda a: f"({', '.join(a)})")
)
rewritings = st.sampled_from(
    [
        lambda a: f"${a}$",
        lambda a: f"\\boxed{{{a}}}",
        lambda a: f" {a} .",
        lambda a: f"\\[ {a} \\]",
        lambda a: a.replace("\\frac", "\\dfrac"),
        lambda a: (
            a.replace("(", "\\left(")
            .replace(")", "\\right)")
            .replace("\\left\\left", "\\left")
            .replace("\\right\\right", "\\right")
        ),
        lambda a: a.replace("\\cdot", "\\times"),
    ]
)


@given(answers)
def test_every_answer_equals_itself(answer: str) -> None:
    assert equal(answer, answer)


@given(answers, answers)
def test_equality_is_symmetric(one: str, other: str) -> None:
    assert equal(one, other) == equal(other, one)


@given(answers, rewritings)
def test_harmless_rewriting_changes_nothing(answer: str, rewrite) -> None:
    assert equal(rewrite(answer), answer)
    assert cluster([rewrite(answer), answer]) == [0, 0]


@given(expressions, expressions)
def test_a_sum_commutes_and_another_number_never_matches(one: str, other: str) -> None:
    assert equal(f"{one} + {other}", f"{other} + {one}")
    assert not equal(f"{one} + 1", f"{one} + 2")


@given(st.fractions(max_denominator=10_000), st.fractions(max_denominator=10_000))
def test_fractions_are_equal_exactly_when_they_are(one: Fraction, other: Fraction) -> None:
    latex = f"\\frac{{{other.numerator}}}{{{other.denominator}}}"
    assert equal(str(one), latex) == (one == other)
    assert equal(str(other), latex)


texts = st.text(max_size=60) | st.text(
    alphabet="\\{}()[]$^_%,.;:|&!/*+-=<> 0123456789abexyπ∞frcqtbo", max_size=60
)


@given(texts, texts, st.sampled_from(KINDS))
def test_nothing_is_ever_raised(one: str, other: str, kind: Kind) -> None:
    assert equal(one, other, kind) in (True, False)
    assert extract(one, kind) is None or isinstance(extract(one, kind), str)
    assert grade(one, Problem(id="", question="", answer=other, kind=kind)).how != "error"
    assert len(cluster([one, other, None], kind)) == 3


BOMBS = [
    "9^{9^{9^{9}}}", "10^9!", "2^{10^{12}}", "(x+y)^{10^6}", "\\binom{10^9}{5}", "e^{e^{e^{e^{e}}}}",
    "0.1e9999", "1e-9999",
    "(" * 5000, "{" * 100_000, "\\frac" * 3000, "\\sqrt{" * 2000, "-" * 50_000 + "5", "1," * 60_000,
    "5" * 1_000_000,
    "\\boxed{" * 20_000, "answer is " * 50_000, "\\text{a" * 5000, "x^" * 5000 + "x", "$" * 200_000,
    "a or " * 20_000,
    "+".join(f"\\sqrt{{{k}}}" for k in range(900)), " " * 500_000, "\ud800", "\\begin{pmatrix}" + "1&" * 5000,
    "####" * 50_000, "1/" * 9000 + "1", "|" * 9000, "\\pm" * 40 + "1", "\\pm 1" * 40, "," * 300_000,
    "½" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: f"{b[:12]!r}x{len(b)}")
def test_no_text_makes_the_grader_hang_or_fail(bomb: str) -> None:
    start = process_time()
    for kind in KINDS:
        assert not equal(bomb, "17", kind)
        assert not equal("x+17", bomb, kind)
        assert grade(bomb, Problem(id="", question="", answer="17", kind=kind)).how != "error"
    cluster([bomb, "17", bomb + " "])
    assert process_time() - start < 12.0  # thirteen calls, each well under a second


def test_eight_threads_agree_with_one() -> None:
    pairs = [(f"\\sqrt{{{k * k * 2}}}", f"{k + k % 2}\\sqrt{{2}}") for k in range(1, 80)]
    alone = [equal(a, b) for a, b in pairs]
    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(lambda _: [equal(a, b) for a, b in pairs], range(8)):
            assert result == alone
    assert alone == [k % 2 == 0 for k in range(1, 80)]
