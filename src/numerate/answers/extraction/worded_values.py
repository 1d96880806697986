"""Values in words at the end of a text: `no solution`, `does not exist`, `undefined`."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import CONTENT

IN_WORDS = re.compile(
    r"\b(no (?:real |integer |such )?(?:solutions?|numbers?|roots?)|does not exist|do not exist"
    r"|undefined|infinitely many(?: solutions)?"
    r"|all real numbers|(?:positive |negative )?infinity|(?:the )?empty(?: set)?"
    r"|diverges|converges|true|false|yes|no|even|odd|independent|dependent)\b",
    re.IGNORECASE,
)
_HENCE = re.compile(r"\b(?:so|hence|thus|therefore|then)\b", re.IGNORECASE)
_DENIES = re.compile(r"(?:\bnot|n't|\bnever|\bneither) (?:an? )?$")


def value_in_words(clause: str) -> str | None:
    """Returns the value that a clause names, in LaTeX where that has a sign for it."""
    words = IN_WORDS.search(clause)
    if words is None or _DENIES.search(clause, 0, words.start()):
        return None
    low = words[1].lower()
    if "empty" in low:
        return "\\emptyset"
    return low.replace("infinity", "\\infty") if "infinity" in low else words[1]


def concluding_clause(sentence: str) -> str:
    """Returns what follows `so` or `hence` in a sentence; nothing where a value stands there."""
    tail = _HENCE.split(sentence)[-1]
    return "" if CONTENT.search(tail) else tail
