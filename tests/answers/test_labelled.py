"""Solutions in realistic forms, labelled before any code saw them, half of them near misses.

`worked` rows were read while the rules were written; of `held-out` rows only the totals ever were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate.answers import grade
from numerate.types import Problem

FOLDER = Path(__file__).parent / "labelled"


HOSTILE = "seventh.jsonl"
"""texts written to mislead: thresholds of their own"""


def labelled_rows(part: str, hostile: bool = False) -> list[dict[str, Any]]:
    files = [file for file in sorted(FOLDER.glob("*.jsonl")) if (file.name == HOSTILE) is hostile]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [row for row in map(json.loads, lines) if row["part"] == part]


def is_paid(row: dict[str, Any]) -> bool:
    choices = tuple((letter, text) for letter, text in row.get("choices", ()))
    problem = Problem(row["id"], "", row["reference"], kind=row["kind"], choices=choices)
    return grade(row["solution"], problem).correct


@pytest.mark.parametrize(
    ("part", "hostile", "least_rows", "accuracy", "false_accepts"),
    [
        ("worked", False, 5_700, 0.99, 0.003),
        ("held-out", False, 390, 0.975, 0.006),
        ("worked", True, 670, 0.94, 0.02),
        ("held-out", True, 670, 0.91, 0.04),
    ],
)
def test_solutions_are_graded_as_labelled(
    part: str, hostile: bool, least_rows: int, accuracy: float, false_accepts: float
) -> None:
    rows = labelled_rows(part, hostile)
    assert len(rows) >= least_rows
    wrong = [row for row in rows if is_paid(row) != row["equal"]]
    refused = sum(not row["equal"] for row in rows)
    assert len(wrong) <= (1 - accuracy) * len(rows), [row["id"] for row in wrong]
    assert sum(not row["equal"] for row in wrong) <= false_accepts * refused, "wrong answers are paid"


def test_the_labels_are_even_and_their_ids_are_unique() -> None:
    rows = [
        row
        for part in ("worked", "held-out")
        for hostile in (False, True)
        for row in labelled_rows(part, hostile)
    ]
    assert len({row["id"] for row in rows}) == len(rows)
    assert 0.45 < sum(row["equal"] for row in rows) / len(rows) < 0.55
