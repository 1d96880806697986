"""Long runs of blanks and signs, over which searches once took quadratic time: outcomes as of short ones."""

from __future__ import annotations

import pytest

from numerate.answers import cluster, equal, extract, grade
from numerate.answers.extraction.clauses import DIGIT, main_clause
from numerate.types import Problem

BLANKS = ["\u00a0", " ", "\u2009", "\u3000", "\u202f", "\t"]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("count", [1, 2, 900, 10_500])
def test_blanks_behind_a_word_are_no_part_of_the_answer(blank: str, count: int) -> None:
    text = "What" + blank * count
    assert equal(text, "What") and not equal(text, "5")
    assert cluster([text, "What", "5"]) == [0, 0, 1]
    assert not grade("The answer is 5.", Problem("", "", text)).correct


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("count", [1, 2, 900])
def test_blanks_before_a_word_are_taken_with_it(blank: str, count: int) -> None:
    run = blank * count
    assert equal(f"Total{run}USD 5", "Total 5")
    assert equal(f"5{run}dozen", "5") and not equal(f"5{run}dozen", "6")
    assert main_clause(f"5{run}because 3 are red", DIGIT) == "5"
    assert main_clause(f"5 —{run}because 3 are red", DIGIT) == "5"
    assert extract(f"The answer is 5{run}!!", "number") == "5"


@pytest.mark.parametrize("count", [1, 2, 900])
def test_a_letter_is_taken_back_lines_below(count: int) -> None:
    lines = "\n" * count
    assert extract(f"The answer is B.{lines}No, that is wrong.", "choice") is None
    assert extract(f"The answer is B.{lines}Yes, that is right.", "choice") == "B"


@pytest.mark.parametrize("count", [2, 3, 900])
def test_signs_behind_a_value_are_taken_off(count: int) -> None:
    assert extract("The answer is 5 " + ">>" * count, "number") == "5"
    assert extract("The answer is 5 " + "🎉" * count, "number") == "5"
    assert extract("The answer is " + "=" * count + "> 5", "number") == "5"
