"""What the functions of `numerate.answers` take, and what they refuse as the caller's mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from numerate.answers import (
    cluster,
    decide,
    decide_strict,
    equal,
    equal_all,
    extract,
    faults,
    find,
    grade,
    grade_lines,
    grade_lines_at_once,
    strict_gsm8k,
)
from numerate.answers.sources import NOTHING
from numerate.types import Problem

ROW = '{"reference": "5", "candidate": "5"}'
MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "bytes to cluster": (lambda: cluster([b"1"]), "b'1'"),  # pyright: ignore[reportArgumentType]
    "a list to cluster": (lambda: cluster(["1", [1]]), "[1]"),  # pyright: ignore[reportArgumentType]
    "a truth value to cluster": (lambda: cluster([True]), "True"),  # pyright: ignore[reportArgumentType]
    "a kind of cluster": (lambda: cluster(["1"], "x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of equal": (lambda: equal("1", "1", kind="x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of decide": (lambda: decide("1", "\\frac12", "x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of decide_strict": (lambda: decide_strict(None, "1", "x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of equal_all": (lambda: equal_all([], [], "x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of a problem": (lambda: grade("5", Problem("", "", "5", kind="x")), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "a kind of a reference": (lambda: grade("5", "5", kind="x"), "number, math, choice"),  # pyright: ignore[reportArgumentType]
    "two kinds": (lambda: grade("5", Problem("", "", "5", kind="math"), kind="number"), "leave out one"),
    "a fallback of grade_lines": (lambda: grade_lines([ROW], fallback="foo"), "expression, none"),  # pyright: ignore[reportArgumentType]
    "a fallback of workers": (lambda: grade_lines_at_once([], fallback="foo"), "expression, none"),  # pyright: ignore[reportArgumentType]
    "choices": (lambda: find("B", "choice", 5), "choices"),  # pyright: ignore[reportArgumentType]
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_the_caller_is_a_value_error_and_no_fault_of_the_grader(mistake: str) -> None:
    call, message = MISTAKES[mistake]
    before = faults.count_faults()
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value) and faults.count_faults() == before


def test_none_is_a_text_without_an_answer() -> None:
    assert extract(None) is None and find(None, "number") == NOTHING
    assert not strict_gsm8k(None, "5")


def test_a_plain_reference_may_have_a_kind() -> None:
    text = "So she has fifteen apples."
    assert grade(text, "15", kind="number").correct and not grade(text, "15").correct
    assert grade("The answer is B.", "B", kind="choice").how == "choice"
    assert strict_gsm8k("... #### 1,200", "1200") and strict_gsm8k("#### 5", 5)
    assert not strict_gsm8k("#### 5.0", "5")


@pytest.mark.parametrize(
    "choices", [["1", "2"], {"A": "1", "B": "2"}, [("A", "1"), ("B", "2")], '["1", "2"]']
)
def test_choices_come_in_any_shape_of_a_data_set(choices: Any) -> None:
    assert extract("So it is 2.", "choice", choices) == "B"
    assert find("The answer is (A).", "choice", choices).answer == "A"
