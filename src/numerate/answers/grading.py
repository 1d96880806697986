"""Extraction and equivalence together: the one grader that serves reward and evaluation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from numerate.answers import choice, faults
from numerate.answers.answer import as_text
from numerate.answers.budget import LIMIT, BudgetExceeded
from numerate.answers.equivalence import NO_ANSWER, NO_MATCH, Verdict
from numerate.answers.final_answer import find_answer
from numerate.answers.references import as_problem, choices_of
from numerate.answers.sources import NOTHING, Extracted, Fallback, check_options
from numerate.answers.strict import decide_strict
from numerate.types import Grade, Kind, Problem

Choices = Sequence[Any] | Mapping[str, str]
"""pairs of letter and text, texts alone, or texts by letter"""
_STRICT = re.compile(r"#### (-?[0-9.,]+)")


def grade(
    solution: str | None,
    problem: Problem | str | float,
    strict: bool = False,
    fallback: Fallback = "expression",
    unfinished: bool = False,
    kind: Kind | None = None,
) -> Grade:
    """Grades the final answer of a solution against a problem, or against a plain reference in its place.

    Never hangs, evaluates no text, and raises ValueError only for the caller's mistakes: a plain reference
    that is no answer, a solution that is neither text nor number, an unknown kind or fallback. None is a
    solution without an answer. Safe to call from many threads at once.

    strict: units, percent signs and names that one of the two leaves out make them different. fallback: what
    counts where nothing is marked as the answer: the last expression, the last number, or nothing ("none").
    unfinished: read a thought that was never finished; without it such a solution has no answer. kind: of a
    plain reference, by default choice for a letter in brackets and else math; a problem has its own."""
    if isinstance(problem, Problem):
        if kind not in (None, problem.kind):
            raise ValueError(f"kind {kind!r}: the problem is of kind {problem.kind!r}; leave out one of them")
    else:
        problem = as_problem(problem, kind)
    check_options(problem.kind, fallback)
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
    text: str | None,
    kind: Kind = "math",
    choices: Choices = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Extracted:
    """Finds the answer within a budget; nothing where `find_answer` meets an error, which is counted.

    None is a text without an answer. choices: in any shape that a data set may have. Raises ValueError for
    an unknown kind or fallback, and for what is neither text nor number."""
    check_options(kind, fallback)
    pairs = choices_of(choices, "find")
    if text is None:
        return NOTHING
    text = as_text(text, "text")
    try:
        with LIMIT:
            return find_answer(text, kind, pairs, fallback, unfinished)
    except BudgetExceeded:
        pass
    except Exception as error:
        faults.note_fault(error, text)
    return NOTHING


def extract(
    text: str | None,
    kind: Kind = "math",
    choices: Choices = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> str | None:
    """Returns the final answer of a solution as written, None where there is none; for a choice, its letter.

    Args:
        text: the solution.
        kind: number, math or choice.
        choices: (letter, text) pairs of a choice problem.
        fallback: the answer where none is marked: the last expression, the last number, or none.
        unfinished: extract answers from unfinished thoughts.
    """
    return find_safely(text, kind, choices, fallback, unfinished).answer


def _decide(answer: str, problem: Problem, strict: bool) -> Verdict:
    if problem.kind != "choice":
        return decide_strict(answer, problem.answer, problem.kind, strict)
    reference = choice.letter_of(problem.answer, problem.choices)
    letter = choice.letter_of(answer, problem.choices)
    if letter is None:
        return NO_ANSWER
    return Verdict(True, "choice") if letter == reference else NO_MATCH


def strict_gsm8k(solution: str | None, problem: Problem | str | float) -> bool:
    """Applies the rule of GSM8K's authors (openai/grade-school-math, dataset.py): the first `#### number`,
    commas taken off, compared as a string. "24.0" is not "24", and "72." keeps its dot. Reported beside
    `grade`, never as a reward."""
    match = _STRICT.search(solution or "")
    reference = problem.answer if isinstance(problem, Problem) else as_text(problem, "reference")
    return match is not None and match[1].strip().replace(",", "") == reference.strip().replace(",", "")
