"""Number facts: the little sums that pico is to know by heart, as short lines of text. Torch-free."""

from __future__ import annotations

import random
from collections.abc import Callable

Fact = Callable[[random.Random], str]


def addition(r: random.Random) -> str:
    a, b = r.randint(0, r.choice((20, 100, 1000))), r.randint(0, r.choice((20, 100, 300)))
    return f"{a}+{b}={a + b}"


def subtraction(r: random.Random) -> str:
    a, b = r.randint(0, r.choice((20, 100, 1000))), r.randint(0, r.choice((20, 100, 300)))
    a, b = max(a, b), min(a, b)
    return f"{a}-{b}={a - b}"


def multiplication(r: random.Random) -> str:
    a, b = r.randint(1, r.choice((12, 12, 60, 200))), r.randint(1, 12)
    if r.random() < 0.5:
        a, b = b, a
    return f"{a}*{b}={a * b}"


def division(r: random.Random) -> str:
    b, q = r.randint(1, 12), r.randint(1, r.choice((12, 12, 60, 200)))
    return f"{b * q}/{b}={q}"


def percentage(r: random.Random) -> str:
    p = r.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 90))
    base = r.randint(1, 20) * 20
    return f"{base}*{p}/100={base * p // 100}"


def money(r: random.Random) -> str:
    a, b = r.randint(1, 40) * 25, r.randint(1, 40) * 25
    sign = r.choice("+-")
    if sign == "-":
        a, b = max(a, b), min(a, b)
    c = a + b if sign == "+" else a - b
    return f"{cents(a)}{sign}{cents(b)}={cents(c)}"


def cents(n: int) -> str:
    return f"{n // 100}.{n % 100:02d}" if n % 100 else str(n // 100)


FACTS: tuple[Fact, ...] = (
    addition,
    addition,
    subtraction,
    subtraction,
    multiplication,
    division,
    percentage,
    money,
)


def page(r: random.Random, lines: int = 12) -> str:
    """Some facts below each other; on some pages written as the solutions of stories write them."""
    facts = [r.choice(FACTS)(r) for _ in range(lines)]
    if r.random() < 0.5:
        facts = [annotated(fact) for fact in facts]
    return "\n".join(facts)


def annotated(fact: str) -> str:
    left, right = fact.split("=")
    return f"{left}=<<{fact}>>{right}"
