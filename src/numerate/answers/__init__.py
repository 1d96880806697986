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
    """Returns the final answer of a solution as it is written there, None where there is none; for a choice,
    its letter.

    `find` says where it stood as well, and explains the options."""
    return find(text, kind, choices, fallback, unfinished).answer


def equal(candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False) -> bool:
    """Returns True for two answers that are the same mathematical object. `decide` also says which rung of
    the ladder decided. strict: and neither leaves out a unit, a percent sign, a name or digits that the
    other has.

    None, which `extract` gives where it finds no answer, equals nothing; numbers may stand for text. Raises
    ValueError for anything else that is no text, and never for what a text says."""
    return decide_strict(candidate, reference, kind, strict).equal
