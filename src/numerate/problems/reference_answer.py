"""The final answer that a reference solution marks, `#### 24` or the last `\\boxed{24}`, or states, `The
answer is 24.`

What nothing marks is not guessed here. What a model wrote is read by `numerate.answers.extract`."""

from __future__ import annotations

import re

from numerate.answers import find
from numerate.answers.references import PROSE
from numerate.answers.sources import UNMARKED

HASHES = re.compile(r"^[ \t]*####[ \t]*(.*?)[ \t]*$", re.MULTILINE)
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])")


def marked_answer(solution: str) -> str | None:
    """The text after the last `####`, else inside the last box; None where there is no mark."""
    hashes = HASHES.findall(solution)
    if hashes:
        return hashes[-1]
    boxes = list(BOX.finditer(solution))
    return _boxed(solution[boxes[-1].end() :]) if boxes else None


def stated_answer(solution: str) -> str:
    """Returns the answer that the solution says is its answer, in words, behind a heading or in a tag; ""
    where it says none."""
    answer, source = find(solution, "math", fallback="none")
    if answer is None or source in UNMARKED:
        return ""
    is_sentence = len(answer.split()) >= PROSE and not any(map(str.isdigit, answer))
    return "" if is_sentence else answer


def _boxed(rest: str) -> str | None:
    """What follows `\\boxed`: a balanced group, or the bare word of `\\boxed 5`."""
    rest = rest.lstrip()
    if not rest.startswith("{"):
        bare = re.match(r"[^\s$.,]+", rest)
        return bare.group() if bare else None
    depth = 0
    for index, letter in enumerate(rest):
        if letter in "{}" and (index == 0 or rest[index - 1] != "\\"):
            depth += 1 if letter == "{" else -1
            if depth == 0:
                return rest[1:index].strip()
    return None
