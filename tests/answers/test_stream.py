"""JSONL in, verdicts out; a bad row never stops the stream."""

from __future__ import annotations

import json

import pytest

from numerate.answers import grade_lines


def test_candidates_solutions_and_choices_are_graded() -> None:
    rows = [
        {"id": "a", "reference": "1/2", "candidate": "0.5"},
        {"id": "b", "reference": "7", "solution": "So\n#### 8", "kind": "number"},
        {"id": "c", "reference": "B", "candidate": "two", "choices": ["one", "two"]},
        {"reference": 5, "candidate": 5.0},
    ]
    done = list(grade_lines(json.dumps(row) for row in rows))
    assert done == [
        {"id": "a", "correct": True, "answer": "0.5", "how": "number"},
        {"id": "b", "correct": False, "answer": "8", "how": "no_match", "source": "hash"},
        {"id": "c", "correct": True, "answer": "B", "how": "string"},
        {"id": None, "correct": True, "answer": "5.0", "how": "number"},
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{not json", "Expecting property name"),
        ("[1]", "expected an object"),
        ('{"id": "a", "candidate": "5"}', '"reference" is missing'),
        ('{"id": "a", "reference": "5"}', '"candidate" is missing'),
        (
            '{"id": "a", "reference": "5", "candidate": "5", "kind": "maths"}',
            "must be one of number, math, choice",
        ),
        ('{"id": "a", "reference": "A", "candidate": "A", "choices": 3}', '"choices" is 3'),
        ('{"id": "a", "reference": true, "candidate": "A"}', '"reference" is True'),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_skipped(line: str, says: str) -> None:
    good = '{"reference": "5", "candidate": "5"}'
    first, bad, last = grade_lines([good, line, "", good])
    assert first["correct"] and last["correct"]
    assert bad["line"] == 2
    assert says in bad["error"]
    assert bad.get("id") == ("a" if '"id"' in line else None)
