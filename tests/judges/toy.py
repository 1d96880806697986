"""Stories by hand, and random graphs with a reference solution, so that these tests need no generator."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from numerate.judges.oracle.arithmetic import apply_operator
from numerate.types import Problem

Row = dict[str, Any]


def given(name: str, value: str, relevant: bool = True) -> Row:
    return {"id": name, "value": value, "expr": None, "relevant": relevant}


def made(name: str, value: str, expr: str) -> Row:
    return {"id": name, "value": value, "expr": expr, "relevant": True}


def story(rows: list[Row], answer_node: str, answer: str) -> Problem:
    return Problem("toy", "", answer, kind="number", meta={"graph": rows, "answer_node": answer_node})


CLIPS = story(
    [
        given("n1", "48"),
        made("n2", "24", "n1/2"),
        made("n3", "72", "n1+n2"),
        given("n4", "7", relevant=False),
        given("n5", "3"),
        made("n6", "216", "n3*n5"),
    ],
    "n6",
    "216",
)
"""Natalia sold 48 clips in April, half as many in May, at 3 dollars each; her cat is 7. How many dollars?"""


def random_story(seed: int, steps: int) -> Problem:
    """Whole numbers throughout; one number that nothing uses."""
    rng = random.Random(seed)
    rows = [given("n1", str(rng.randrange(3, 60)))]
    values = {"n1": int(rows[0]["value"])}
    last, lines = "n1", list[str]()
    while len(lines) < steps:
        leaf = f"n{len(rows) + 1}"
        number = rng.randrange(2, 40)
        sign = rng.choice("+-*/")
        result = Fraction(apply_operator(sign, values[last], number))
        if result.denominator != 1 or not 2 <= result <= 5000:
            continue
        rows.append(given(leaf, str(number)))
        name = f"n{len(rows) + 1}"
        rows.append(made(name, str(result), f"{last}{sign}{leaf}"))
        expr = f"{values[last]}{sign}{number}"
        lines.append(f"That is {expr}=<<{expr}={result}>>{result}.")
        values |= {leaf: number, name: int(result)}
        last = name
    rows.append(given(f"n{len(rows) + 1}", str(rng.randrange(61, 99)), relevant=False))
    answer = str(values[last])
    return Problem(
        f"toy-{seed}",
        "",
        answer,
        solution="\n".join([*lines, f"#### {answer}"]),
        kind="number",
        meta={"graph": rows, "answer_node": last},
    )
