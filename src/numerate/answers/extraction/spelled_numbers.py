"""Numbers in words in a sentence, each as a whole: `minus five degrees`, `three dozen eggs`."""

from __future__ import annotations

import re

from numerate.answers.extraction.expressions import MathRun
from numerate.answers.extraction.whole_values import are_several, changed_span
from numerate.answers.text.foreign_numerals import foreign_number
from numerate.answers.text.number_words import PARTS, VALUES
from numerate.answers.text.spelled_values import spelled_value
from numerate.answers.text.vocabulary import MULTIPLIERS

_LONGEST_FIRST = "|".join(sorted(VALUES, key=len, reverse=True))
_SCALE = "|".join([*MULTIPLIERS, "dozen", "lakh", "crore"])
_PART = "|".join(
    [*(f"{part}s?" for part in PARTS if part != "halve"), "halves", "hundredths?", "thousandths?"]
)
_CHAIN = re.compile(
    r"(?<![\w-])(?:(?:minus|negative) )?"
    rf"(?:(?:half|an? quarter of|one quarter of) an? (?:{_SCALE})\b(?! of\b)"
    rf"|(?:an? (?=(?:{_SCALE})\b))?(?:{_LONGEST_FIRST}|(?:{_SCALE})s?)(?!\w)"
    rf"(?:(?:[ -](?:and )?(?:an? )?|[ -]point )(?:{_LONGEST_FIRST}|(?:{_SCALE})s?|{_PART})(?!\w))*"
    r"(?: squared| cubed)?)(?!-\w)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?<=\bis )(?:an?|one) (half|third|quarter|fifth|sixth|eighth|tenth)(?=[.!]?\s*$)", re.IGNORECASE
)
_ARTICLE = re.compile(r"\ban?\b", re.IGNORECASE)
"""in `two and a half` or `half a million`"""
_RANGE = re.compile(r"(?: [a-z]{2,12})?,? (?:or|to|through|up to|or maybe|or even) ", re.IGNORECASE)


def number_words(text: str) -> str | None:
    """Returns the last number that is written in words, None where it is not understood; several that stand
    side by side as they are."""
    if alone := _ALONE.search(text):
        return f"1/{PARTS[alone[1].lower()]}"
    runs = [MathRun(match.start(), match.end(), match.group()) for match in _CHAIN.finditer(text)]
    if not runs:
        return foreign_number(text)
    run = runs[-1]
    for before in runs[-2:-1]:
        span = changed_span(text, before.start, before.end)
        joined = are_several(text, before, run) or _RANGE.fullmatch(text, before.end, run.start)
        if joined or (span and span[1] >= run.end):
            return text[before.start : run.end]
    if span := changed_span(text, run.start, run.end):
        return text[slice(*span)]
    spelled = spelled_value(run.text)
    if spelled is None or spelled.rest:
        return None
    return spelled.value if _ARTICLE.search(run.text) else run.text
