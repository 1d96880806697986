"""MATH (Hendrycks et al. 2021, arXiv 2103.03874): competition problems with level (1-5) and subject.

`train-12k` is the split of PRM800K: train and test together without the 500 of MATH-500. A model trained on
it may be measured on math500 only."""

from __future__ import annotations

import re
from dataclasses import replace

from numerate.problems.columns import build_problem
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.reference_answer import marked_answer
from numerate.problems.row import Row
from numerate.types import Problem

SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
NONE_SUCH = "0"
"""Two training rows (how many primes are there ...) end in an empty box: there are none."""


def read_problem(row: Row) -> Problem:
    solution = row.text("solution").replace("\\boxed{}", f"\\boxed{{{NONE_SUCH}}}")
    answer = row.maybe("answer") or marked_answer(solution)
    if not answer:
        raise row.wrong("solution", "a solution with its answer in \\boxed{}")
    level = re.search(r"[1-5]", row.maybe("level"))  # 3 or "Level 3"; two rows have none
    facts = {"level": int(level.group()) if level else None, "subject": row.text("subject", "type")}
    problem = build_problem(row, row.text("question", "problem"), answer, solution)
    rest = {key: value for key, value in problem.meta.items() if key not in ("level", "type")}
    return replace(problem, kind="math", meta={**rest, **facts})


def _hub(split: str) -> tuple[Hub, ...]:
    return tuple(Hub("EleutherAI/hendrycks_math", split, subject) for subject in SUBJECTS)


FIVE_HUNDRED = Split(("math/math500.jsonl",), (Hub("HuggingFaceH4/MATH-500", "test"),))

SET = Dataset(
    name="math",
    about="competition problems in seven subjects and five levels",
    splits={
        "train": Split(("math/train.jsonl",), _hub("train"), "train"),
        "test": Split(("math/test.jsonl",), _hub("test")),
        "train-12k": Split(
            ("math/train.jsonl", "math/test.jsonl"),
            _hub("train") + _hub("test"),
            "train",
            without=FIVE_HUNDRED,
        ),
    },
    read=read_problem,
    default="test",
)

MATH500 = Dataset(
    name="math500",
    about="the 500 problems of MATH's test set that PRM800K left out",
    splits={"test": FIVE_HUNDRED},
    read=read_problem,
    default="test",
)
