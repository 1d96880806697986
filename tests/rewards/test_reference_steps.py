from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from numerate.rewards.reference_steps import match_calculations, score_steps
from numerate.types import Problem

CLIPS = Problem("clips", "?", "72", "48/2 = <<48/2=24>>24\n48+24 = <<48+24=72>>72\n#### 72")


def test_the_vector(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["dense_reference_match"]
    assert match_calculations(case["student_traces"], case["reference_traces"]) == case["per_step_match"]


def test_each_calculation_of_the_reference_is_paid_once_in_any_order() -> None:
    """Two calculations in the reference: a quarter each of 1/2."""
    right = "First 48+24 = <<48+24=72>>72\nbut 48/2 = <<48/2=24>>24\nso\n#### 72"
    assert score_steps(CLIPS, right) == [0.25, 0.25, 0.0]
    again = "48/2 = <<48/2=24>>24\n" * 20 + "#### 24"
    assert score_steps(CLIPS, again) == [0.25] + [0.0] * 19
    both = "48/2 = <<48/2=24>>24 and 48+24 = <<48+24=72>>72\n#### 72"
    assert score_steps(CLIPS, both, total=1.0) == [1.0]


@pytest.mark.parametrize("solution", ["", "no numbers here\n#### 72"])
def test_nothing_to_compare_earns_nothing(solution: str) -> None:
    assert sum(score_steps(CLIPS, solution)) == 0
    assert sum(score_steps(Problem("p", "?", "1"), CLIPS.solution)) == 0


def test_a_solution_that_ends_in_another_answer_is_no_reference() -> None:
    problem = Problem("p", "?", "4", solution="2+2=<<2+2=4>>4\n#### 4")
    assert score_steps(problem, "2+2=<<2+2=4>>4") == [0.5]
    assert score_steps(replace(problem, answer="5"), "2+2=<<2+2=4>>4") == [0.0]
