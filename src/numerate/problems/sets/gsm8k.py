"""GSM8K (Cobbe et al. 2021, arXiv 2110.14168): grade-school word problems with worked solutions.

The hub's rows have the whole solution in `answer`, its last line `#### n`. Answers lose their thousands
separators. `test-socratic` asks the questions of test, its solutions have a question before each step."""

from __future__ import annotations

from dataclasses import replace

from numerate.problems.columns import question_answer
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.row import Row
from numerate.types import Problem


def read_problem(row: Row) -> Problem:
    problem = question_answer(row)
    answer = Row(row.where, {"answer": problem.answer}).number("answer")
    lines = [line for line in problem.solution.splitlines() if line.strip() and not line.startswith("####")]
    return replace(problem, answer=answer, kind="number", meta={**problem.meta, "steps": len(lines)})


SET = Dataset(
    name="gsm8k",
    about="grade-school word problems with solutions",
    splits={
        "train": Split(("gsm8k/train.jsonl",), (Hub("openai/gsm8k", "train", "main"),), "train"),
        "test": Split(("gsm8k/test.jsonl",), (Hub("openai/gsm8k", "test", "main"),)),
        "test-socratic": Split(("gsm8k/test_socratic.jsonl",), (Hub("openai/gsm8k", "test", "socratic"),)),
    },
    read=read_problem,
    default="test",
)
