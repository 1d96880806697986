"""Values in words at the end of a text: `no solution`, `does not exist`, `undefined`."""

from __future__ import annotations

import re

from numerate.answers.clauses import (
    CONTENT,
)

IN_WORDS = re.compile(
    r"\b(no (?:real |integer |such )?(?:solutions?|numbers?|roots?)|does not exist|do not exist|undefined|infinitely many(?: solutions)?"
    r"|all real numbers|(?:positive |negative )?infinity|(?:the )?empty(?: set)?|diverges|converges|true|false|yes|no|even|odd|independent|dependent)\b",
    re.IGNORECASE,
)


_DENIES = re.compile(r"(?:\bnot|n't|\bnever|\bneither) (?:an? )?$")


def value_in_words(conclusion: str) -> str | None:
    words = IN_WORDS.search(conclusion)
    if words is None or _DENIES.search(conclusion, 0, words.start()):
        return None
    low = words[1].lower()
    return (
        "\\emptyset"
        if "empty" in low
        else low.replace("infinity", "\\infty")
        if "infinity" in low
        else words[1]
    )


def conclusion(sentence: str) -> str:
    """What follows `so` or `hence` in a sentence; nothing where a value stands there."""
    tail = re.split(r"\b(?:so|hence|thus|therefore|then)\b", sentence, flags=re.IGNORECASE)[-1]
    return "" if CONTENT.search(tail) else tail
