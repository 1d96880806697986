"""The final answer that a reference solution marks, `#### 24` or the last `\\boxed{24}`, or states, `The
answer is 24.`

What nothing marks is not guessed here. What a model wrote is read by `numerate.answers.extract`."""

from __future__ import annotations

import re

from numerate.answers import find
from numerate.answers.references import PROSE
from numerate.answers.sources import UNMARKED
from numerate.answers.text.boxes import find_boxes

HASHES = re.compile(r"^[ \t]*####[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def marked_answer(solution: str) -> str | None:
    """Returns the text after the last `####`, else inside the last box; None where there is no mark."""
    hashes = HASHES.findall(solution)
    if hashes:
        return hashes[-1]
    box = next(iter(find_boxes(solution, 1)), None)
    return (box.inner.strip() or None) if box and box.closed else None


def stated_answer(solution: str) -> str:
    """Returns the answer that the solution says is its answer, in words, behind a heading or in a tag; ""
    where it says none."""
    answer, source = find(solution, "math", fallback="none")
    if answer is None or source in UNMARKED:
        return ""
    is_sentence = len(answer.split()) >= PROSE and not any(map(str.isdigit, answer))
    return "" if is_sentence else answer
