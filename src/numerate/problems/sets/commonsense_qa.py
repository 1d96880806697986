"""CommonsenseQA (Talmor et al. 2019, arXiv 1811.00937): five options, one right.

The labels of its test set were never published: `dev` is what papers measure on. The explanations that some
copies carry (CoS-E) are noisy and stay in `meta`."""

from __future__ import annotations

from numerate.problems.choices import read_choices, read_letter
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.row import Row
from numerate.types import Problem


def read_problem(row: Row) -> Problem:
    choices = read_choices(row, "choices")
    return Problem(
        id=row.maybe("id"),
        question=row.text("question"),
        answer=read_letter(row, choices, "answer", "answerKey"),
        kind="choice",
        choices=choices,
        source=row.maybe("source"),
        meta=row.rest("id", "question", "choices", "answer", "answerKey", "source"),
    )


SET = Dataset(
    name="commonsense_qa",
    about="everyday knowledge, five options",
    splits={
        "train": Split(("commonsenseqa/train.jsonl",), (Hub("tau/commonsense_qa", "train"),), "train"),
        "dev": Split(("commonsenseqa/dev.jsonl",), (Hub("tau/commonsense_qa", "validation"),)),
    },
    read=read_problem,
    default="dev",
)
