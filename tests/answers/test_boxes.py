"""One parser of boxes serves the grader, references, data sets and prompts."""

from __future__ import annotations

import pytest

from numerate.answers import extract, grade
from numerate.answers.references import accepted_answers
from numerate.answers.text.boxes import ends_in_empty_mark, find_boxes, without_boxes
from numerate.problems.reference_answer import marked_answer
from numerate.prompts import boxed_end
from numerate.types import Problem


@pytest.mark.parametrize("command", ["\\boxed", "\\fbox", "\\framebox"])
def test_all_commands_of_a_box_are_known_everywhere(command: str) -> None:
    solution = f"So we get ${command}{{\\frac{{1}}{{2}}}}$."
    assert extract(solution) == marked_answer(solution) == "\\frac{1}{2}"
    assert accepted_answers(solution, "math", "reference") == ("\\frac{1}{2}",)
    assert grade("0.5", solution).correct
    assert boxed_end(Problem("", "", "1/2", solution=solution)) == solution
    assert ends_in_empty_mark(f"So it is {command}{{ }}.") and not ends_in_empty_mark(solution)


@pytest.mark.parametrize(
    ("text", "inner", "marked"),
    [
        ("\\boxed 5, as said", ["5"], "5"),
        ("\\boxed{1} and \\boxed{2}", ["1", "2"], "2"),
        ("\\boxed{\\boxed{5}}", ["\\boxed{5}", "5"], "5"),
        ("\\boxed{x\\}}", ["x\\}"], "x\\}"),
        ("\\boxed{5", ["5"], None),
        ("\\boxedness, a box", [], None),
        ("\\boxed{}", [""], None),
    ],
)
def test_boxes_of_a_text(text: str, inner: list[str], marked: str | None) -> None:
    assert [box.inner for box in find_boxes(text)] == inner
    assert marked_answer(text) == marked


def test_boxes_are_taken_off() -> None:
    assert without_boxes("$\\boxed{1} + \\fbox{\\boxed{2}}$") == "$1 + 2$"
