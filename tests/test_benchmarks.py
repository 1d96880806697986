"""What benchmarks compute, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import accuracy, first_errors, real_solutions, step_labels
from numerate.types import LabelledSolution, Problem

STORY = Problem("p", "?", "3", meta={"steps": 3})


def test_four_continuations_are_two_draws_of_two() -> None:
    rollout = step_labels.LabelledRollout(
        STORY, (True, False), ((True, False, False, False), (False,) * 3 + (True,))
    )
    apart = step_labels.called([rollout], 2, 0.0, monotone=False)
    assert [call.good for call in apart] == [0.5, 0.5]
    bound = step_labels.called([rollout], 2, 0.0, monotone=True)
    assert [call.good for call in bound] == [0.5, 0.0]  # the draw with the right one began with a bad step
    assert [call.right for call in bound] == [0.25, 0.25]
    results = step_labels.measures(bound)
    assert (
        results["agreement"] == 0.75
        and results["good called bad"] == 0.5
        and results["bad called good"] == 0.0
    )
    most = step_labels.called([rollout], 4, 0.5, monotone=False)
    assert [call.good for call in most] == [0.0, 0.0]  # one of four is less than half


def test_prefixes_of_which_the_oracle_says_nothing_are_left_out() -> None:
    rollout = step_labels.LabelledRollout(STORY, (None, True), ((True,), (True,)))
    assert [call.index for call in step_labels.called([rollout], 1, 0.0, monotone=True)] == [1]


def test_first_errors_beside_what_needs_no_judge() -> None:
    rows = [
        LabelledSolution(Problem("a", "a", ""), ("x", "y"), (-1, None)),
        LabelledSolution(Problem("b", "b", ""), ("x", "y"), (1, -1)),
        LabelledSolution(Problem("c", "c", ""), ("x", "y"), (1, 1)),
    ]
    guesses = first_errors.baselines(rows)
    assert guesses["always no error"]["none called"] == 1 and guesses["always no error"]["F1"] == 0
    assert guesses["always the first step"]["found"] == guesses["always the last step"]["found"] == 0.5
    results = first_errors.measures([0, -1, -1], rows)
    assert results["F1"] == pytest.approx(2 * 0.5 * 1 / 1.5)


def test_accuracy_counts_both_kinds_of_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"reference": "5", "solution": "So it is 5.\n#### 5", "equal": True},
        {"reference": "5", "candidate": "6", "equal": True},
        {"reference": "5", "candidate": "5.0", "equal": False},
        {"reference": "5", "candidate": "#### 5", "category": "response", "equal": True},
        {"reference": None, "candidate": "5", "equal": False},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    read = accuracy.labelled_rows(file, "all")
    assert [row["id"] for row in read] == [f"rows:{n}" for n in range(1, 6)] and "solution" in read[3]
    verdicts = accuracy.own_verdicts(read)
    assert verdicts == [True, False, True, True, None]
    expected = {"rows": 5, "accuracy": 0.4, "false accepts": 1, "false rejects": 1, "failed": 1}
    assert accuracy.count_faults(read, verdicts) == expected
    worked, held_out = (accuracy.labelled_rows(file, part) for part in ("worked", "held-out"))
    assert {row["id"] for row in worked} ^ {row["id"] for row in held_out} == {row["id"] for row in read}


def test_real_solutions_are_about_1000_characters_long(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    texts = ["a" * 500, "b" * 450, "c" * 5000 + "end", "d"]
    file.write_text("".join(json.dumps({"response": text}) + "\n" for text in texts))
    assert list(real_solutions.join_responses(file)) == ["a" * 500 + "\n\n" + "b" * 450, "c" * 997 + "end"]
