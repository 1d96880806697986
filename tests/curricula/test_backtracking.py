"""Where attempts begin, and how the beginning moves back."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from numerate.curricula import Backtracking, CurriculumChoice, Outcome, PrefixedProblem, State
from numerate.curricula.backtracking import first_steps_given, is_solved, solution_prefix, steps_after
from numerate.types import Problem

LINES = ["2+3=<<2+3=5>>5", "5+4=<<5+4=9>>9", "9*2=<<9*2=18>>18", "18-1=<<18-1=17>>17"]
PROBLEM = Problem("p", "?", "17", "\n".join([*LINES, "#### 17"]))
BARE = Problem("bare", "?", "17")


def plan(**options: Any) -> Backtracking:
    return Backtracking(kind="backtracking", **options)


def ask(
    curriculum: Backtracking, state: State, *problems: Problem, style: str = "plain"
) -> list[PrefixedProblem]:
    return curriculum.choose(
        state, CurriculumChoice(problems, problems, len(problems), style, random.Random(0))
    )


def test_the_worked_example(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["backtracking"]
    start = first_steps_given(case["L_steps"], case["tau0"])
    assert start == case["start_prefix_len"] == 9
    assert steps_after(start, True) == case["after_success"] == 8
    assert steps_after(start, False) == case["after_failure"] == 9


def test_the_first_start_is_rounded_down_and_leaves_a_step_to_write() -> None:
    assert [first_steps_given(steps, 0.9) for steps in (0, 1, 2, 4, 10, 11)] == [0, 0, 1, 3, 9, 9]
    assert first_steps_given(100, 0.29) == 29  # 0.29 * 100 is a little below 29 in floating point
    assert steps_after(0, True) == 0


def test_solved_is_one_right_attempt_or_a_share_of_them() -> None:
    assert (
        is_solved([False, True, False, False], 0) and not is_solved([False] * 4, 0) and not is_solved([], 0)
    )
    assert is_solved([True, True, False, False], 0.5) and not is_solved([True, False, False, False], 0.5)


def test_a_beginning_is_whole_lines() -> None:
    assert solution_prefix(PROBLEM.solution, 2) == LINES[0] + "\n" + LINES[1] + "\n"
    assert solution_prefix(PROBLEM.solution, 0) == "" == solution_prefix(PROBLEM.solution, 4)
    assert solution_prefix("a\n\n  b\nc", 1) == "a\n\n"


def test_one_step_less_after_every_success_until_the_question_stands_alone() -> None:
    curriculum, state, given = plan(), {}, []
    for right in (True, False, True, True, True):
        [chosen] = ask(curriculum, state, PROBLEM)
        given.append(chosen.prefix.count("\n"))
        state = curriculum.learn(state, [Outcome(PROBLEM, [False, right])], "plain")
        state = json.loads(json.dumps(state))  # as a checkpoint gives it back
    assert given == [3, 2, 2, 1, 0]
    assert state == {"prefix_steps": {"p": 0}}


def test_problems_without_a_solution_are_asked_from_the_start() -> None:
    curriculum = plan()
    state = curriculum.learn({}, [Outcome(BARE, [True])], "plain")
    assert ask(curriculum, state, BARE) == [PrefixedProblem(BARE)]


def test_the_beginning_is_written_as_the_style_asks_for() -> None:
    assert ask(plan(), {}, PROBLEM, style="qa")[0].prefix == " " + "\n".join(LINES[:3]) + "\n"


def test_own_solutions_begin_where_a_problem_is_sometimes_solved() -> None:
    """Never solved: nothing to begin with. One of four right: from its first three steps. All: alone."""
    curriculum = plan(solutions="own", solved=0.5)
    assert ask(curriculum, {}, PROBLEM)[0].prefix == ""  # the reference is not looked at
    other, third = Problem("q", "?", "1"), Problem("r", "?", "1")
    own = "a=1\nb=2\nc=3\nd=4\n#### 17"
    state = curriculum.learn(
        {},
        [
            Outcome(PROBLEM, [False, True, False, False], own),
            Outcome(other, [False] * 4),
            Outcome(third, [True] * 4, own),
        ],
        "plain",
    )
    asked = ask(curriculum, state, PROBLEM, other, third)
    assert [chosen.prefix for chosen in asked] == ["a=1\nb=2\nc=3\n", "", ""]
    state = curriculum.learn(state, [Outcome(PROBLEM, [True, True, False, False], "x\n#### 17")], "plain")
    assert ask(curriculum, state, PROBLEM)[0].prefix == "a=1\nb=2\n"
    assert curriculum.stats(state, asked) == {
        "curriculum/prefixed": pytest.approx(1 / 3),
        "curriculum/prefix_steps": 3,
        "curriculum/own": 1,
    }


def test_own_solutions_with_every_problem_solved_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="set solved to a share"):
        plan(solutions="own")
    assert plan(solutions="own", solved=0.5).needs == () and plan().needs == ("solution",)


def test_a_solution_that_ends_in_another_answer_begins_nothing() -> None:
    problem = Problem("p", "?", "4", solution="1+1=2\n2+2=4\n#### 4")
    other = replace(problem, answer="5")
    curriculum = plan()
    assert curriculum.beginning({}, problem, "plain") == "1+1=2\n"
    assert curriculum.beginning({}, other, "plain") == ""
