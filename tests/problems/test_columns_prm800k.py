"""Rows of PRM800K, as published and flattened."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.problems.columns import read_problem
from numerate.problems.row import Row
from numerate.problems.sets.prm800k import rated_alternatives
from numerate.types import Problem


def read(**columns: Any) -> Problem:
    return read_problem(Row("mine.jsonl line 7", columns))


PUBLISHED = {
    "question": {"problem": "2+2?", "ground_truth_answer": "4", "pre_generated_answer": "5"},
    "label": {
        "finish_reason": "solution",
        "steps": [
            {
                "completions": [
                    {"text": "A", "rating": 1},
                    {"text": "B", "rating": -1},
                    {"text": "C", "rating": 0},
                ],
                "human_completion": None,
                "chosen_completion": 0,
            },
            {
                "completions": [{"text": "x", "rating": -1}],
                "human_completion": {"text": "D"},
                "chosen_completion": None,
            },
            {
                "completions": [{"text": "E", "rating": 1}, {"text": "F", "rating": None}],
                "chosen_completion": 0,
            },
        ],
    },
}


def rated(problem: Problem) -> list[tuple[tuple[str, ...], int | None]]:
    return [(marked.steps, marked.labels[-1]) for marked in rated_alternatives(problem)]


def test_prm800k_as_published_follows_the_chosen_step_or_the_persons():
    problem = read(**PUBLISHED)
    assert (problem.question, problem.answer, problem.solution) == ("2+2?", "4", "A\nD\nE")
    assert problem.meta["finish_reason"] == "solution"
    # every rated completion with its history: A | B | C | A x | A D E; F has no rating
    assert [("".join(texts), rating) for texts, rating in rated(problem)] == [
        ("A", 1),
        ("B", -1),
        ("C", 0),
        ("Ax", -1),
        ("ADE", 1),
    ]


def test_prm800k_stops_where_the_labelling_stopped():
    steps = [
        {"completions": [{"text": "A", "rating": -1}], "chosen": None},
        {"completions": [{"text": "B", "rating": 1}], "chosen": 0},
    ]
    problem = read(question="?", answer="1", steps=steps)
    assert list(rated(problem)) == [(("A",), -1)]


def test_prm800k_with_the_chosen_path_only():
    problem = read(question="?", answer="4", steps=[{"text": "A", "rating": 1}, {"text": "B", "rating": -1}])
    assert problem.solution == "", "a path that ends at an error is no solution"
    assert list(rated(problem)) == [(("A",), 1), (("A", "B"), -1)]


@pytest.mark.parametrize(
    ("ratings", "last", "more", "usable"),
    [
        ((1, 0), "So 2+2=4\n# Answer\n\n4", {}, True),
        ((1, 1), "So 2+2=5\n# Answer\n\n5", {}, False),  # the generator was wrong
        ((1, -1), "So 2+2=4", {}, False),  # a step is wrong
        ((1, None), "So 2+2=4", {}, True),
        ((1, 1), "Now we add", {}, False),  # no answer, and nobody says that it is finished
        ((1, 1), "Now we add", {"finish_reason": "solution"}, True),
        ((1, 1), "So 2+2=5", {"finish_reason": "solution"}, False),
    ],
)
def test_prm800k_paths_are_solutions_where_they_are_right(
    ratings: Any, last: str, more: dict[str, Any], usable: bool
):
    """Else they would be taught, with the reference answer behind them. The labels stay."""
    steps = [
        {"completions": [{"text": text, "rating": r}], "chosen": 0}
        for text, r in zip(("We add", last), ratings, strict=True)
    ]
    problem = read(question="2+2?", answer="4", steps=steps, **more)
    assert problem.solution == (f"We add\n{last}" if usable else "")
    assert len(list(rated_alternatives(problem))) == 2 - (None in ratings)


def test_prm800k_paths_that_the_labelling_left_unfinished_are_none():
    """The step before reads like the answer."""
    steps = [
        {"completions": [{"text": "So 2+2=4", "rating": 1}], "chosen": 0},
        {"completions": [{"text": "Or 5?", "rating": -1}], "chosen": None},
    ]
    assert read(question="2+2?", answer="4", steps=steps).solution == ""
