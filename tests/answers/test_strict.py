"""Strict equality: nothing may be left out on one side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.answers import equal, grade, grade_lines
from numerate.types import Problem

SAME = [
    ("1/2", "0.5"),
    ("$5 \\text{ cm}$", "5 centimeters"),
    ("28\\%", "28 percent"),
    ("28\\%", "0.28"),
    ("28%", "\\frac{7}{25}"),
    ("x = 5", "x=5.0"),
    ("x < 4", "(-\\infty, 4)"),
    ("\\$5", "5 dollars"),
    ("1,000", "1000"),
    ("\\boxed{2\\pi}", "2\\pi"),
    ("5 apples", "5 apple"),
    ("(x+1)^2", "x^2+2x+1"),
]
ONLY_LENIENT = [
    ("5 cm", "5"),
    ("28\\%", "28"),
    ("x = 5", "5"),
    ("\\$5", "5"),
    ("5 apples", "5"),
    ("90^\\circ \\text{ degrees}", "90"),
    ("0.30000000000000004", "0.3"),
    ("0.333333333333333", "\\frac13"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_other_writing_is_still_equal(a: str, b: str) -> None:
    assert equal(a, b, strict=True) and equal(b, a, strict=True)


@pytest.mark.parametrize(("a", "b"), ONLY_LENIENT)
def test_what_one_side_leaves_out_counts(a: str, b: str) -> None:
    assert equal(a, b) and equal(b, a)
    assert not equal(a, b, strict=True) and not equal(b, a, strict=True)


@given(st.text(max_size=30))
def test_an_answer_is_strictly_itself_if_it_is_one(text: str) -> None:
    assert equal(text, text, strict=True) == equal(text, text)


def test_strict_pairs_are_a_part_of_the_lenient_ones(data_dir: Path) -> None:
    rows = map(json.loads, (data_dir / "grader" / "pairs.jsonl").read_text(encoding="utf-8").splitlines())
    pairs = [(row["candidate"], row["reference"]) for row in rows]
    strict = [pair for pair in pairs if equal(*pair, strict=True)]
    assert all(equal(b, a, strict=True) and equal(a, b) for a, b in strict)
    assert 0.5 * len(pairs) > len(strict) > 0.3 * len(pairs)


def test_grading_is_strict_on_request() -> None:
    problem = Problem("p", "", "5", kind="math")
    assert grade("The answer is 5 cm.", problem).correct
    assert not grade("The answer is 5 cm.", problem, strict=True).correct
    row = json.dumps({"reference": "28", "candidate": "28\\%"})
    assert [next(grade_lines([row], strict))["correct"] for strict in (False, True)] == [True, False]
