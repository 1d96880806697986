"""Answer extraction and grading: the final answer of a solution, and whether it equals the reference.

The only grader in the package: reward and evaluation both come here. It needs no torch, keeps no state but
bounded caches, uses no signals or clocks, starts processes for large batches only, and evaluates nothing: it
has its own parser, bounded in length, depth and the size of numbers. docs/grading.md has the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate.answers.clustering import cluster
    from numerate.answers.equivalence import Verdict, decide
    from numerate.answers.grade_jsonl import grade_lines
    from numerate.answers.grading import extract, grade, strict_gsm8k
    from numerate.answers.grading import find_safely as find
    from numerate.answers.parallel import equal_all, grade_lines_at_once
    from numerate.answers.sources import GUESSES, Extracted, Fallback
    from numerate.answers.strict import decide_strict, equal
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        clustering="cluster",
        equivalence="Verdict decide",
        grade_jsonl="grade_lines",
        grading="extract find=find_safely grade strict_gsm8k",
        parallel="equal_all grade_lines_at_once",
        sources="GUESSES Fallback Extracted",
        strict="decide_strict equal",
    )

__all__ = [
    "GUESSES",
    "Extracted",
    "Fallback",
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
