"""MAWPS (Koncel-Kedziorski et al. 2016, N16-1136): short word problems, and four older sets that it gathers.

`mawps` is the set for cross-validation in five folds: `train-k` leaves fold k out and `test-k` is fold k;
`train` and `test` are short for fold 0. The parts (addsub, singleeq, singleop, multiarith) are test sets and
overlap the whole and each other: hold one out only after dropping what it shares
(`numerate.problems.decontamination`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from numerate.problems.columns import question_answer
from numerate.problems.dataset import Dataset, Split
from numerate.problems.hub import Hub
from numerate.problems.row import Row
from numerate.types import Problem

FILE = ("mawps/mawps_cv.jsonl",)
FOLDS = range(5)


def read_problem(row: Row) -> Problem:
    fields = {**row.fields, "answer": row.value("answer", "final_ans")}
    problem = question_answer(Row(row.where, fields))
    answer = Row(row.where, {"answer": problem.answer}).number("answer")
    rest = {key: value for key, value in problem.meta.items() if key != "final_ans"}
    return replace(problem, question=problem.question.strip(), answer=answer, kind="number", meta=rest)


def _in(fold: int) -> Callable[[Row], bool]:
    return lambda row: row.value("fold") in (fold, None)  # the hub's copy comes divided, without folds


def _not_in(fold: int) -> Callable[[Row], bool]:
    return lambda row: row.value("fold") != fold


def _part(name: str, about: str, hub: tuple[Hub, ...] = ()) -> Dataset:
    return Dataset(name, about, {"test": Split((f"mawps/{name}.jsonl",), hub)}, read_problem, "test")


SET = Dataset(
    name="mawps",
    about="short word problems, for cross-validation in five folds",
    splits={
        "train": Split(FILE, (Hub("garrethlee/MAWPS", "train"),), "train", _not_in(0)),
        "test": Split(FILE, (Hub("garrethlee/MAWPS", "test"),), "test", _in(0)),
        "cv": Split(FILE, (), "train"),
        **{f"train-{fold}": Split(FILE, (), "train", _not_in(fold)) for fold in FOLDS},
        **{f"test-{fold}": Split(FILE, (), "test", _in(fold)) for fold in FOLDS},
    },
    read=read_problem,
    default="test",
)
ADDSUB = _part("addsub", "additions and subtractions")
SINGLEEQ = _part("singleeq", "one equation, one or more operations")
SINGLEOP = _part("singleop", "one operation")
MULTIARITH = _part(
    "multiarith",
    "two or more operations",
    (Hub("ChilleD/MultiArith", "train"), Hub("ChilleD/MultiArith", "test")),
)
