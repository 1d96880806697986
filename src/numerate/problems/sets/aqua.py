"""AQuA-RAT (Ling et al. 2017, arXiv 1705.04146): algebra with five options and a rationale."""

from __future__ import annotations

from numerate.problems.choices import read_choices, read_letter
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.row import Row
from numerate.types import Problem


def read_problem(row: Row) -> Problem:
    choices = read_choices(row, "choices", "options")
    return Problem(
        id=row.maybe("id"),
        question=row.text("question"),
        answer=read_letter(row, choices, "answer", "correct"),
        solution=row.maybe("solution", "rationale"),
        kind="choice",
        choices=choices,
        source=row.maybe("source"),
        meta=row.rest(
            "id", "question", "choices", "options", "answer", "correct", "solution", "rationale", "source"
        ),
    )


SET = Dataset(
    name="aqua",
    about="algebra, five options, with rationales",
    splits={
        "train": Split(("aqua/train.jsonl",), (Hub("deepmind/aqua_rat", "train", "raw"),), "train"),
        "dev": Split(("aqua/dev.jsonl",), (Hub("deepmind/aqua_rat", "validation", "raw"),)),
        "test": Split(("aqua/test.jsonl",), (Hub("deepmind/aqua_rat", "test", "raw"),)),
    },
    read=read_problem,
    default="dev",
)
