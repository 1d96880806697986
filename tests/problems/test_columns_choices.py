"""Columns of multiple-choice problems: choices of many shapes, and answers that name one of them."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.problems.columns import read_problem
from numerate.problems.row import Row
from numerate.types import Problem


def read(**columns: Any) -> Problem:
    return read_problem(Row("mine.jsonl line 7", columns))


@pytest.mark.parametrize(
    "choices",
    [
        [["A", "one"], ["B", "two"]],
        ["A)one", "B) two"],
        ["(a) one", "(b) two"],
        ["one", "two"],
        {"label": ["A", "B"], "text": ["one", "two"]},
        {"A": "one", "B": "two"},
    ],
)
@pytest.mark.parametrize("answer", ["B", "b", "two", 1])
def test_choices_come_in_many_shapes(choices: Any, answer: Any):
    problem = read(question="Which?", choices=choices, answer=answer)
    assert (problem.choices, problem.answer, problem.kind) == ((("A", "one"), ("B", "two")), "B", "choice")


@pytest.mark.parametrize(
    ("choices", "answer", "letter"),
    [
        (["1", "2", "3"], "2", "B"),  # a text is no index
        (["0", "1", "2"], 1, "B"),  # index and text agree
        (["10", "20", "30"], 20, "B"),
        (["10", "20", "30"], 2, "C"),
        ([10, 20, 30], 2, "C"),
        (["red", "blue"], 0, "A"),
        (["red", "blue"], "(b)", "B"),
        (["red", "blue"], "B.", "B"),
        ({"label": ["1", "2"], "text": ["red", "blue"]}, "2", "2"),
        ('["red", "blue"]', "blue", "B"),
    ],
)
def test_a_number_that_names_one_choice_is_read(choices: Any, answer: Any, letter: str):
    assert read(question="Which?", choices=choices, answer=answer).answer == letter


@pytest.mark.parametrize(
    ("choices", "answer"),
    [
        (["1", "2", "3"], 2),
        ([1, 2, 3], 1),
        (["4", "3", "2", "1"], 1),
        ({"label": ["1", "2", "3"], "text": ["red", "blue", "green"]}, 2),
        ({"label": ["1", "2", "3"], "text": ["2", "3", "1"]}, "2"),
        (["red", "red"], "red"),
    ],
)
def test_a_number_that_may_name_two_choices_is_refused(choices: Any, answer: Any):
    with pytest.raises(ValueError, match=r"line 7, field 'answer': expected a letter, because this may be"):
        read(question="Which?", choices=choices, answer=answer)


@pytest.mark.parametrize("answer", ["Bee", "5"])
def test_a_choice_without_choices_needs_a_letter(answer: str) -> None:
    with pytest.raises(ValueError, match=r"line 7.*a letter, or the column 'choices'"):
        read_problem(Row("a.csv line 7", {"question": "?", "answer": answer, "kind": "choice"}))
    assert read_problem(Row("", {"question": "?", "answer": "(B)", "kind": "choice"})).kind == "choice"
