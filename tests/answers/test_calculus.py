"""Integrals, derivatives, limits and infinite sums: what can't be decided is said to be so, whatever is
written takes a bounded time, and what is written alike stays alike."""

from __future__ import annotations

import time

import pytest

from numerate.answers import decide, equal
from numerate.answers.budget import used_steps
from numerate.answers.expr.calculus import infinite_series
from numerate.answers.expr.calculus.precise import precise_context

UNDECIDED = [
    (r"\int_{-1}^1\frac{dx}{x}", "0"),  # divergent
    (r"\int_0^\infty\frac{\sin x}{x}\,dx", r"\frac{\pi}{2}"),  # slow oscillation
    (r"\int_0^2|x-1|\,dx", "1"),  # a kink
    (r"\int_0^1 f(x)\,dx", "2"),
    (r"\int f(x)\,dx", "F(x)+C"),
    (r"\lim_{x\to\infty}\sin x", "0"),
    (r"\lim_{x\to\infty}\ln x", r"\infty"),
    (r"\lim_{x\to0}\frac1x", r"\infty"),
    (r"\sum_{n=1}^\infty\frac1n", r"\infty"),
    (r"\sum_{n=1}^\infty a_n", "1"),
]
DECIDED = [
    (r"\int_0^1 x\,dx", "1"),
    (r"\lim_{x\to0}\frac{\sin x}{x}", "0"),
    (r"\sum_{n=1}^\infty\frac1{n^2}", "2"),
    (r"\frac{d}{dx}x^2", "x"),
    (r"\int 2x\,dx", "x^2"),
    ("1", "2"),
]


@pytest.mark.parametrize(("one", "other"), UNDECIDED)
def test_what_has_no_value_here_is_undecided(one: str, other: str) -> None:
    assert decide(one, other) == decide(other, one) == (False, "undecided")


@pytest.mark.parametrize(("one", "other"), DECIDED)
def test_another_value_is_no_match(one: str, other: str) -> None:
    assert decide(one, other) == decide(other, one) == (False, "no_match")


HOSTILE = [
    r"\int_0^1 " * 30 + "x" + " dx" * 30,
    r"(\int_0^1 " * 35 + "x" + " dx)" * 35,
    r"\int " * 2_000,
    r"\int\frac{" * 30 + "dx" + "}{x}" * 30,
    r"\int_0^1\int_0^1\int_0^1 \sin(xyz)\,dx\,dy\,dz",
    r"\int_0^1 \int_0^1 \frac{\sin(x^2y)e^{xy}}{1+x+y}\,dx\,dy",
    r"\int_0^1 x!\,dx",
    r"\int_\int_0^1 x\,dx01 x\,dx",
    r"\lim_{x\to0}\frac{\sin n!x}{x}",
    r"\int_0^1 10^{10^{10^{10x}}}\,dx",
    r"\int_0^\infty " + "+".join(rf"\sin({k}x)" for k in range(200)) + r"\,dx",
    "+".join(rf"\int_0^\infty e^{{-{k}x^2}}\sin x\,dx" for k in range(1, 100)),
    r"\int_0^{\infty} e^{-x^2} \sin(x^3) \log(x)\,dx",
    r"\frac{d}{dx}" * 1_000 + "x",
    r"\frac{d^4}{dx^4}" * 8 + r"\frac{\sin x\cos x e^x}{x^2+1}",
    r"(x\sin x e^x)" + "'" * 2_000,
    r"\lim_{x\to\infty} x^{x^{x^x}}",
    r"\lim_{x\to\infty} e^{e^{e^x}}",
    r"\lim_{x\to 0} " + "+".join(rf"\sin({k}x)^x" for k in range(60)),
    r"\lim_{x\to 0}" * 15 + "x",
    r"\sum_{n=1}^\infty " * 15 + r"\frac{1}{n^2}",
    r"\sum_{n=1}^\infty n^{n^{n^n}}",
    r"\sum_{n=1}^\infty\sum_{m=1}^\infty\sum_{k=1}^\infty\frac{1}{2^{n+m+k}+1}",
    r"\sum_{k=1}^{200}\int_0^{k}\sin(x^2)\,dx",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_written_takes_a_bounded_time(text: str) -> None:
    start = time.process_time()
    assert not equal(text, "5") and not equal("5", text)
    assert time.process_time() - start < 2  # 0.3 s each, on a machine that does nothing else


@pytest.mark.parametrize(
    "text",
    [
        r"\int_\Omega f\,dx",
        r"\int_0^1 f",
        r"\oint_C F \cdot dr",
        r"\iint_D xy\,dA",
        r"\lim a_n",
        r"\lim_{n\to\infty} a_n",
        r"\frac{d}{dx}(x^2)(x+1)",
        r"\frac{d}{dx}f(g(x))",
        "f''(x)",
        r"\int_0^1 x\,d\mu(x)",
    ],
)
def test_what_is_not_read_in_full_is_compared_as_it_is_written(text: str) -> None:
    assert equal(text, text.replace(r"\,", " ") + " ") and equal(f"2 {text}", f"2\\cdot {text}")
    assert not equal(text, f"2{text}")


def test_a_sum_within_a_series_that_does_not_depend_on_its_index_is_computed_once() -> None:
    fixed = r"\sum_{j=1}^{10}\sum_{m=1}^{16} jm"
    assert equal(rf"\sum_{{k=0}}^{{\infty}} \frac{{1}}{{2^k}}\left({fixed}\right)", "14960")
    assert used_steps() < 10_000


@pytest.mark.parametrize(
    ("nested", "value"),
    [
        (r"\sum_{m=1}^{2}\sum_{j=1}^{3} jm", 18),
        (r"\sum_{m=1}^{3}\sum_{j=1}^{m} j", 10),
        (r"\sum_{a=1}^{2}\prod_{b=1}^{2}\sum_{c=1}^{2} abc", 90),
        (r"\sum_{k=0}^{\infty}\frac{1}{2^k}\sum_{j=1}^{3} j", 12),
        (r"\sum_{k=1}^{\infty}\frac{1}{2^k}\sum_{j=1}^{2} jk", 6),
    ],
)
def test_the_index_of_a_sum_stays_its_own_when_a_sum_within_it_is_written_out(
    nested: str, value: int
) -> None:
    assert equal(nested, str(value)) and not equal(nested, str(value + 1))


def test_series_of_complex_numbers_without_imaginary_part() -> None:
    """mpmath orders no complex numbers."""
    context = precise_context(infinite_series.DIGITS).context
    numbers = range(1, infinite_series.TERMS + 1)
    total = infinite_series.sum_series([context.mpc(1) / k**2 for k in numbers])
    assert abs(total - context.pi**2 / 6) < 1e-20
    product = infinite_series.multiply_series(
        [context.mpc(1) + context.mpf(1) / (k + 1) ** 3 for k in numbers]
    )
    plain = infinite_series.multiply_series([1 + context.mpf(1) / (k + 1) ** 3 for k in numbers])
    assert product == plain
