"""Extraction and equivalence together: the one grader that serves reward and evaluation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers import choice, faults
from numerate.answers.budget import LIMIT, BudgetExceeded
from numerate.answers.equivalence import NO_ANSWER, NO_MATCH, Verdict, as_text
from numerate.answers.final_answer import find_answer
from numerate.answers.references import as_problem
from numerate.answers.sources import NOTHING, Fallback, Found, check_options
from numerate.answers.strict import decide_strict
from numerate.types import Grade, Kind, Problem

_STRICT = re.compile(r"#### (-?[0-9.,]+)")


def grade(
    solution: str | None,
    problem: Problem | str | float,
    strict: bool = False,
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Grade:
    """Grades the final answer of a solution against a problem, or against a plain reference in its place.

    Never hangs, evaluates no text, and raises ValueError only for the caller's mistakes: a plain reference
    that is no answer, a solution that is neither text nor number, an unknown fallback. None is a solution
    without an answer. Safe to call from many threads at once.

    strict: units, percent signs and names that one of the two leaves out make them different. fallback: what
    counts where nothing is marked as the answer: the last expression, the last number, or nothing ("none").
    unfinished: read a thought that was never finished; without it such a solution has no answer."""
    check_options("math", fallback)
    problem = problem if isinstance(problem, Problem) else as_problem(problem)
    source = "none"
    if solution is None:
        return Grade(None, False, "no_answer")
    solution = as_text(solution, "solution")
    try:
        with LIMIT:
            answer, source = find_answer(solution, problem.kind, problem.choices, fallback, unfinished)
            if answer is None:
                return Grade(None, False, "no_answer", source)
            verdict = _decide(answer, problem, strict)
    except BudgetExceeded:
        return Grade(None, False, "too_long", source)
    except Exception as error:
        faults.note_fault(error, solution, problem.answer)
        return Grade(None, False, "error", source)
    return Grade(answer, verdict.equal, verdict.how, source)


def find_safely(
    text: str,
    kind: Kind = "math",
    choices: Sequence[tuple[str, str]] = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Found:
    """Finds the answer within a budget; nothing where `find_answer` meets an error, which is counted.

    Raises ValueError for an unknown kind or fallback, and for what is neither text nor number."""
    check_options(kind, fallback)
    text = as_text(text, "text")
    try:
        with LIMIT:
            return find_answer(text, kind, choices, fallback, unfinished)
    except BudgetExceeded:
        pass
    except Exception as error:
        faults.note_fault(error, text)
    return NOTHING


def extract(
    text: str,
    kind: Kind = "math",
    choices: Sequence[tuple[str, str]] = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> str | None:
    """Returns the final answer of a solution as it is written there, None where there is none; for a choice,
    its letter.

    `find` says where it stood as well, and explains the options."""
    return find_safely(text, kind, choices, fallback, unfinished).answer


def _decide(answer: str, problem: Problem, strict: bool) -> Verdict:
    if problem.kind != "choice":
        return decide_strict(answer, problem.answer, problem.kind, strict)
    reference = choice.letter_of(problem.answer, problem.choices)
    letter = choice.letter_of(answer, problem.choices)
    if letter is None:
        return NO_ANSWER
    return Verdict(True, "choice") if letter == reference else NO_MATCH


def strict_gsm8k(solution: str, problem: Problem) -> bool:
    """Applies the rule of GSM8K's authors (openai/grade-school-math, dataset.py): the first `#### number`,
    commas taken off, compared as a string. "24.0" is not "24", and "72." keeps its dot. Reported beside
    `grade`, never as a reward."""
    match = _STRICT.search(solution)
    if match is None:
        return False
    return match.group(1).strip().replace(",", "") == problem.answer.strip().replace(",", "")
