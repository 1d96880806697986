"""The calculator: exact, silent where there is nothing to say, and never harmed by what models write."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate import problems
from numerate.answers.calculator import (
    ANNOTATION,
    BEGUN,
    calculate_decimal,
    calculator_completion,
    wrong_annotations,
)


def test_the_vectors(vectors: dict[str, Any]) -> None:
    for text, result in vectors["mixed_policy"]["calculator"]:
        assert calculator_completion(text) == (None if result is None else f"{result}>>"), text


def test_the_last_annotation_counts() -> None:
    assert calculator_completion("3*4=<<3*4=12>>12, 12/8=<<12/8=") == "1.5>>"
    assert calculator_completion("<<3*4=12>>12 + 1 =") is None
    assert calculator_completion("<<1+1\n=") is None and calculator_completion("<<1+1==") is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("8-2-3", "3"),
        ("8/4/2", "1"),
        ("2+3*4", "14"),
        ("-(2+3)*4", "-20"),
        ("2*-3", "-6"),
        ("2--3", "5"),
        ("3*+6", "18"),
        ("48 / 2", "24"),
        ("1.20*4", "4.8"),
        (".5*3", "1.5"),
        ("2/7*7", "2"),  # exact on the way
        ("0.1+0.2", "0.3"),
        ("1-2", "-1"),
        ("1/8-1", "-0.875"),
        ("999999999999999+0", "999999999999999"),
        ("1/3", None),
        ("999999999999999+1", None),
        ("1/0", None),
        ("1/(2-2)", None),
        ("2**3", None),
        ("2* *3", None),
        ("7//2", None),
        ("2 (3)", None),
        ("3 000", None),
        ("1.2.3", None),
        (".", None),
        ("", None),
        ("()", None),
        ("(1", None),
        ("1+", None),
        ("00", None),
        ("1e5", None),
        ("2x3", None),
        ("__import__('os')", None),
        ("(" * 49 + "1" + ")" * 49, None),
        ("9*" * 49 + "9", None),
        ("1+" * 200 + "1", None),
    ],
)
def test_by_hand(expression: str, value: str | None) -> None:
    assert calculate_decimal(expression) == value


@given(st.text("0123456789+-*/.(), =<>\n", max_size=40))
def test_whatever_is_written_it_answers_exactly_or_not_at_all(text: str) -> None:
    """A second implementation: Python's own numbers, wrapped into fractions, where Python can read it."""
    value = calculate_decimal(text)
    if value is None:
        return
    assert re.fullmatch(r"-?\d{1,15}(\.\d{0,14}[1-9])?", value) and value != "-0"
    wrapped = re.sub(r"\d+\.?\d*|\.\d+", lambda m: f"Fraction('{m[0]}')", text.replace(",", ""))
    assert eval(wrapped.strip(), {"Fraction": Fraction}) == Fraction(value)


@given(st.text("<=>1/2\n", max_size=30))
def test_a_completion_ends_an_annotation_that_stands_open(text: str) -> None:
    told = calculator_completion(text)
    begun = BEGUN.search(text)
    assert (told is None) == (begun is None or calculate_decimal(begun[1]) is None)
    assert told is None or ANNOTATION.search(text + told)


def test_every_annotation_of_gsm8k_comes_out_as_it_is_written(data_dir: Any) -> None:
    """METHODS: 23,716 in the training solutions, all exact. Two hold `//`, which the calculator leaves alone.
    The prices are written with two places: 4.80."""
    rows = problems.load("gsm8k/train")
    found = [match for row in rows for match in ANNOTATION.finditer(row.solution)]
    silent = [match[0] for match in found if calculate_decimal(match[1]) is None]
    assert len(found) == 23_716 and silent == ["<<560//10=56>>", "<<180//3=60>>"]
    assert [slip for row in rows for slip in wrong_annotations(row.solution)] == []
    told = [(calculate_decimal(match[1]), match[2]) for match in found]
    assert sum(value == written for value, written in told) > 23_000


def test_slips_are_results_that_are_not_those_of_the_calculation() -> None:
    text = "<<1+1=3>>3 <<2.50*2=5.00>> <<2*1,000=2,000>> <<4(2)=9>> <<1/3=0.33>> <<2+2=four>>"
    assert wrong_annotations(text) == ["<<1+1=3>>", "<<2+2=four>>"]
