"""Number facts: the little sums that pico is trained on, as short lines of text. Torch-free."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

Fact = Callable[[random.Random], str]


def addition_fact(r: random.Random) -> str:
    a, b = r.randint(0, r.choice((20, 100, 1000))), r.randint(0, r.choice((20, 100, 300)))
    return f"{a}+{b}={a + b}"


def subtraction_fact(r: random.Random) -> str:
    a, b = r.randint(0, r.choice((20, 100, 1000))), r.randint(0, r.choice((20, 100, 300)))
    a, b = max(a, b), min(a, b)
    return f"{a}-{b}={a - b}"


def multiplication_fact(r: random.Random) -> str:
    a, b = r.randint(1, r.choice((12, 12, 60, 200))), r.randint(1, 12)
    if r.random() < 0.5:
        a, b = b, a
    return f"{a}*{b}={a * b}"


def division_fact(r: random.Random) -> str:
    b, q = r.randint(1, 12), r.randint(1, r.choice((12, 12, 60, 200)))
    return f"{b * q}/{b}={q}"


def percentage_fact(r: random.Random) -> str:
    p = r.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90))
    unit = 100 // math.gcd(p, 100)
    base = unit * r.randint(1, max(2, r.choice((100, 300)) // unit))
    return f"{base}*{p}/100={base * p // 100}"


def fraction_fact(r: random.Random) -> str:
    over, under = r.choice(((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (3, 5), (4, 5), (1, 5)))
    base = under * r.randint(1, r.choice((12, 30, 80)))
    return f"{base}*{over}/{under}={base * over // under}"


def total_fact(r: random.Random) -> str:
    terms = [r.randint(2, r.choice((20, 60, 200, 500))) for _ in range(r.choice((3, 3, 3, 4)))]
    return f"{'+'.join(map(str, terms))}={sum(terms)}"


def mean_fact(r: random.Random) -> str:
    a, m = r.randint(4, 80), r.randint(4, 80)
    b = max(2, 2 * m - a)
    return f"({a}+{b})/2={format_cents((a + b) * 50)}"


def money_fact(r: random.Random) -> str:
    a, b = r.randint(1, 60) * 25, r.choice((r.randint(1, 60) * 25, r.randint(1, 60) * 100))
    sign = r.choice("+-*")
    if sign == "*":
        n = r.randint(2, r.choice((10, 40)))
        return f"{n}*{format_cents(a)}={format_cents(n * a)}"
    if sign == "-":
        a, b = max(a, b), min(a, b)
    c = a + b if sign == "+" else a - b
    return f"{format_cents(a)}{sign}{format_cents(b)}={format_cents(c)}"


def format_cents(n: int) -> str:
    """Returns an amount as stories write it: 3, 2.5, 1.25."""
    return f"{n // 100}.{n % 100:02d}".rstrip("0").rstrip(".")


FACTS: tuple[Fact, ...] = (
    *(addition_fact,) * 4,
    *(subtraction_fact,) * 4,
    *(multiplication_fact,) * 4,
    *(division_fact,) * 3,
    *(percentage_fact,) * 2,
    *(fraction_fact,) * 2,
    *(total_fact,) * 2,
    *(money_fact,) * 3,
    mean_fact,
)


def facts_page(r: random.Random, lines: int = 12) -> str:
    """Returns some facts below each other; on some pages in the form of stories' solutions."""
    facts = [r.choice(FACTS)(r) for _ in range(lines)]
    if r.random() < 0.5:
        facts = [annotate_fact(fact) for fact in facts]
    return "\n".join(facts)


def annotate_fact(fact: str) -> str:
    left, right = fact.split("=")
    return f"{left}=<<{fact}>>{right}"
