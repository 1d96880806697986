"""Answers that nothing can equal and solutions that contradict their answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate.problems import TABLE, audit, load, origins, table
from numerate.problems.consistency import contradicting_solutions, transcripts_without_call, unusable_answers
from numerate.types import Problem

CHOICES = (("A", "four"), ("B", "five"))


@pytest.mark.parametrize(
    ("solution", "answer", "read"),
    [
        ("Half is \\boxed{3}. Then double it and add 1, which gives 7.", "7", "3"),
        ("So it is 5.\n#### 5", "6", "5"),
        ("The answer is 12.", "13", "12"),
    ],
)
def test_a_solution_that_marks_another_answer_is_found(solution: str, answer: str, read: str):
    (finding,) = contradicting_solutions([Problem("p", "?", answer, solution)])
    assert (finding.row, finding.id, finding.answer, finding.read) == (1, "p", answer, read)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("So it is 5.\n#### 5.0", "5"),
        ("First \\boxed{3}, at last \\boxed{7}.", "7"),
        ("We add 3 and then 4 and the rest is easy.", "7"),  # a guess contradicts nothing
        ("", "7"),
        ("#### 7", ""),
    ],
)
def test_a_solution_that_marks_its_answer_or_none_is_not(solution: str, answer: str):
    assert contradicting_solutions([Problem("p", "?", answer, solution)]) == []


def test_letters_are_compared_among_their_choices():
    def pick(solution: str) -> Problem:
        return Problem("p", "?", "B", solution, "choice", CHOICES)

    assert contradicting_solutions([pick("The answer is (B)."), pick("The answer is five.")]) == []
    assert [finding.read for finding in contradicting_solutions([pick("The answer is (A).")])] == ["A"]


@pytest.mark.parametrize("answer", ["None", "inf", "-Infinity", "unknown", "?", "\\boxed{}", "$ $"])
def test_an_answer_that_nothing_can_equal_is_found(answer: str):
    assert [
        finding.row for finding in unusable_answers([Problem("a", "?", "1"), Problem("b", "?", answer)])
    ] == [2]


@pytest.mark.parametrize("answer", ["none", "\\infty", "infinity", "0", "no solution", "\\emptyset", "x", ""])
def test_an_unusual_answer_is_not(answer: str):
    assert unusable_answers([Problem("a", "?", answer)]) == []


def test_findings_make_a_set_unclean_and_lead_back_to_their_lines(tmp_path: Path):
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '{"question": "1+1?", "answer": "2"}\n\n{"question": "2+4?", "solution": "#### 5", "answer": "6"}\n',
        encoding="utf-8",
    )
    audited = audit(str(path), against=str(path))
    assert not audited.clean
    assert [finding.row for finding in audited.contradictions] == [2]
    assert origins(str(path)) == [f"{path} line 1", f"{path} line 3"]
    assert origins("stories/test") == []
    assert len(load(str(path))) == 2


@pytest.mark.parametrize("name", ["stories", "stories/test", "stories/test[:5]"])
def test_a_set_is_not_compared_with_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "TABLE", {"stories": TABLE["stories"]})
    assert list(table.tests_beside(name, [])) == []
    assert list(table.tests_beside("stories/train", [])) == ["stories/test"]


def test_transcripts_whose_programs_are_marked_in_another_format_are_counted() -> None:
    fence, tag = "```python\nprint(5)\n```\n```output\n5\n```\n#### 5", "<code>\nprint(5)\n</code>\n#### 5"
    formats = [("tora", fence), ("mario", tag), ("mario", fence), ("tora", tag), ("tora", "#### 5")]
    problems = [Problem("p", "?", "5", text, meta={"tool_format": name}) for name, text in formats]
    text = Problem("p", "?", "5", "#### 5")
    assert transcripts_without_call([*problems, text]) == 3
