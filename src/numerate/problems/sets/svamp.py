"""SVAMP (Patel et al. 2021, arXiv 2103.07191): 1,000 one-step word problems with misleading variations.

All of it is a test set. The hub's copy cuts it in two; both parts are read."""

from __future__ import annotations

from dataclasses import replace

from numerate.problems.columns import build_problem
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.row import Row
from numerate.types import Problem


def read_problem(row: Row) -> Problem:
    question = row.maybe("question") or f"{_sentence(row.text('Body'))} {row.text('Question').strip()}"
    meta = {"type": row.maybe("type", "Type"), "equation": row.maybe("equation", "Equation")}
    problem = build_problem(row, question, row.number("answer", "Answer"))
    rest = {
        key: value for key, value in problem.meta.items() if key.lower() == key and key != "question_concat"
    }
    return replace(problem, id=row.maybe("id", "ID"), kind="number", meta={**rest, **meta})


def _sentence(body: str) -> str:
    """Adds a missing full stop."""
    body = body.strip()
    return body if body.endswith((".", "?", "!", ",")) else body + "."


SET = Dataset(
    name="svamp",
    about="one-step word problems with misleading variations",
    splits={
        "test": Split(("svamp/svamp.jsonl",), (Hub("ChilleD/SVAMP", "train"), Hub("ChilleD/SVAMP", "test")))
    },
    read=read_problem,
    default="test",
)
