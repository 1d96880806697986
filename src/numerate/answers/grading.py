"""Extraction and equivalence together: the one grader that serves reward and evaluation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers import choice, faults
from numerate.answers.budget import LIMIT, BudgetExceeded
from numerate.answers.extract import NOTHING, Found, find
from numerate.answers.ladder import NO_ANSWER, NO_MATCH, Verdict
from numerate.answers.references import as_problem
from numerate.answers.strict import judge
from numerate.types import Grade, Kind, Problem

_STRICT = re.compile(r"#### (-?[0-9.,]+)")


def grade(solution: str | None, problem: Problem | str | float, strict: bool = False) -> Grade:
    """Whether a solution's final answer is the problem's, or the plain reference given in its place. Never
    raises, hangs, or evaluates text, but for ValueError where a plain reference is no answer.
    None is a solution without an answer.

    strict: units, percent signs and names that one of the two leaves out make them different.
    Safe to call from many threads at once."""
    return grade_and_source(solution, problem, strict)[0]


def find_safely(text: str, kind: Kind, choices: Sequence[tuple[str, str]] = ()) -> Found:
    """`find` within a budget; nothing where it meets an error, which is counted."""
    try:
        with LIMIT:
            return find(text, kind, choices)
    except BudgetExceeded:
        pass
    except Exception as error:
        faults.note(error, text)
    return NOTHING


def grade_and_source(
    solution: str | None, problem: Problem | str | float, strict: bool = False
) -> tuple[Grade, str]:
    """The grade, and where in the solution the answer stood (`Found.source`)."""
    problem = problem if isinstance(problem, Problem) else as_problem(problem)
    source = "none"
    if solution is None:
        return Grade(None, False, "no_answer"), source
    try:
        with LIMIT:
            answer, source = find(solution, problem.kind, problem.choices)
            if answer is None:
                return Grade(None, False, "no_answer"), source
            verdict = _decide(answer, problem, strict)
    except BudgetExceeded:
        return Grade(None, False, "too_long"), source
    except Exception as error:
        faults.note(error, solution, problem.answer)
        return Grade(None, False, "error"), source
    return Grade(answer, verdict.equal, verdict.how), source


def _decide(answer: str, problem: Problem, strict: bool) -> Verdict:
    if problem.kind != "choice":
        return judge(answer, problem.answer, problem.kind, strict)
    wanted = choice.letter_of(problem.answer, problem.choices)
    given = choice.letter_of(answer, problem.choices)
    if given is None:
        return NO_ANSWER
    return Verdict(True, "choice") if given == wanted else NO_MATCH


def strict_gsm8k(solution: str, problem: Problem) -> bool:
    """The rule of GSM8K's authors (openai/grade-school-math, dataset.py): the first `#### number`, commas
    taken off, compared as a string. "24.0" is not "24", and "72." keeps its dot. Reported beside `grade`,
    never as a reward."""
    given = _STRICT.search(solution)
    if given is None:
        return False
    return given.group(1).strip().replace(",", "") == problem.answer.strip().replace(",", "")
