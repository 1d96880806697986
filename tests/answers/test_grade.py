"""The grader of reward and evaluation, and GSM8K's own rule beside it."""

from __future__ import annotations

import pytest

from numerate.answers import grade, strict_gsm8k
from numerate.types import Grade, Problem

NUMBER = Problem(id="p", question="", answer="24", kind="number")


def test_right_wrong_and_missing_answers_are_told_apart() -> None:
    assert grade("12+12=24\n#### 24", NUMBER) == Grade("24", True, "string")
    assert grade("It is $24.00$.", NUMBER) == Grade("24.00", True, "number")
    assert grade("#### 25", NUMBER) == Grade("25", False, "no_match")
    assert grade("no idea", NUMBER) == Grade(None, False, "no_answer")


def test_a_choice_may_be_given_by_its_text() -> None:
    problem = Problem(id="p", question="", answer="B", kind="choice", choices=(("A", "one"), ("B", "two")))
    assert grade("The answer is two.", problem) == Grade("B", True, "choice")
    assert grade("The answer is (A).", problem) == Grade("A", False, "no_match")


def test_an_empty_reference_is_never_matched() -> None:
    assert not grade("", Problem(id="p", question="", answer="")).correct
    assert not grade("\\boxed{}", Problem(id="p", question="", answer="")).correct


@pytest.mark.parametrize(
    ("solution", "right"),
    [
        ("#### 24", True),
        ("#### 24.0", False),  # compared as strings
        ("#### 24.", False),  # the regex takes the dot
        ("#### $24", False),
        ("The answer is 24", False),
        ("#### 24\n#### 25", True),  # the first one counts
    ],
)
def test_the_strict_rule_is_the_official_one(solution: str, right: bool) -> None:
    assert strict_gsm8k(solution, NUMBER) is right


def test_the_strict_rule_takes_commas_off_both() -> None:
    assert strict_gsm8k("#### 1,000", Problem(id="p", question="", answer="1,000"))
