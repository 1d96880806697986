"""Answers that no solution can reach, and solutions that end in another answer than their problem's.

The grader must accept a set's own answers and its own solutions; what it refuses here would give every
rollout on the row the wrong reward, or teach a wrong answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerate import answers
from numerate.answers.sources import UNMARKED
from numerate.tool_formats import get_format
from numerate.types import Problem

UNDECIDED = UNMARKED - {"letter"}
"""sources of an answer that contradict nothing; the letter of a choice is one that the solution asserts"""
SUSPICIOUS = frozenset({"None", "inf", "-inf", "Infinity", "-Infinity", "undefined", "nan"})
"""what programs print for a missing or overflowed value, and what may be an answer all the same"""


@dataclass(frozen=True, slots=True)
class AnswerFinding:
    row: int
    """its place in the set, from 1"""
    id: str
    answer: str
    """the problem's"""
    read: str
    """what its own solution ends in; empty for an answer that is unusable by itself"""


def unusable_answers(problems: Sequence[Problem]) -> list[AnswerFinding]:
    """Returns answers that the grader doesn't accept as equal to themselves, or that look like a program's
    missing value.

    Problems without an answer are none: their sets are for other methods."""
    return [
        AnswerFinding(row, problem.id, problem.answer, "")
        for row, problem in enumerate(problems, start=1)
        if problem.answer and (problem.answer.strip() in SUSPICIOUS or not _accepts_itself(problem))
    ]


def contradicting_solutions(problems: Sequence[Problem]) -> list[AnswerFinding]:
    """Returns solutions that mark another answer than their problem's, in a box, behind `####` or "the answer
    is"."""
    both = ((row, problem, other_answer(problem)) for row, problem in enumerate(problems, start=1))
    return [
        AnswerFinding(row, problem.id, problem.answer, read)
        for row, problem, read in both
        if read is not None
    ]


def other_answer(problem: Problem) -> str | None:
    """Returns the answer that the problem's own solution marks, where that is not the problem's answer."""
    if not problem.answer or not problem.solution:
        return None
    answer, source = answers.find(problem.solution, problem.kind, problem.choices)
    if (
        answer is None
        or source in UNDECIDED
        or answers.decide_strict(answer, problem.answer, problem.kind).equal
    ):
        return None
    return answer


def transcripts_without_call(problems: Sequence[Problem]) -> int:
    """Returns the number of transcripts in which no program is marked as their `tool_format` says: text, or
    of another format, whose outputs would be trained."""
    transcripts = [problem for problem in problems if problem.meta.get("tool_format") and problem.solution]
    return sum(not get_format(p.meta["tool_format"]).block.search(p.solution) for p in transcripts)


def usable_demonstrations(problems: Sequence[Problem]) -> tuple[list[Problem], str]:
    """Returns the problems whose worked solution can be learned from, and a line about the others, which have
    none or one that ends in another answer; empty where there are no others."""
    solved = [problem for problem in problems if problem.solution.strip()]
    usable = [problem for problem in solved if other_answer(problem) is None]
    without, other = len(problems) - len(solved), len(solved) - len(usable)
    reasons = [
        *([f"{without} have no solution"] if without else []),
        *([f"{other} have one that ends in a different answer"] if other else []),
    ]
    message = f"of {len(problems)} problems {', and '.join(reasons)}: left out" if reasons else ""
    return usable, message


def _accepts_itself(problem: Problem) -> bool:
    """Checks whether an answer equals itself. An added space avoids the comparison of equal texts, which
    accepts an empty box."""
    return answers.decide_strict(f"{problem.answer} ", problem.answer, problem.kind).equal
