"""Answer extraction and grading: the final answer of a solution, and whether it equals the reference.

The only grader in the package: reward and evaluation both come here. It needs no torch, keeps no state but
bounded caches, uses no signals or clocks, starts processes for large batches only, and evaluates nothing: it
has its own parser, bounded in length, depth and the size of numbers. docs/grading.md has the rules.
"""

from __future__ import annotations

from numerate.answers.cluster import cluster
from numerate.answers.equivalence import Verdict, decide
from numerate.answers.grade_jsonl import grade_lines
from numerate.answers.grading import Choices, grade, strict_gsm8k
from numerate.answers.grading import find_safely as find
from numerate.answers.parallel import equal_all, grade_lines_at_once
from numerate.answers.sources import GUESSES, Fallback, Found
from numerate.answers.strict import decide_strict
from numerate.types import Kind

__all__ = [
    "GUESSES",
    "Fallback",
    "Found",
    "Verdict",
    "cluster",
    "decide",
    "decide_strict",
    "equal",
    "equal_all",
    "extract",
    "find",
    "grade",
    "grade_lines",
    "grade_lines_at_once",
    "strict_gsm8k",
]


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
    return find(text, kind, choices, fallback, unfinished).answer


def equal(candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False) -> bool:
    """Returns True for two answers that are the same mathematical object. `decide` also returns the rule.

    Args:
        candidate: an answer, as text or number. None, `extract`'s result without an answer, equals nothing.
        reference: the reference answer.
        kind: number, math or choice.
        strict: a unit, a percent sign, a name or digits on one side only are a difference.

    Raises:
        ValueError: an argument is neither text nor number; never for the content of a text.
    """
    return decide_strict(candidate, reference, kind, strict).equal
