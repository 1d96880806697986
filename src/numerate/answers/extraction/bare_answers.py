"""Responses that are nothing but an answer: one short line without a sentence."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import DIGIT, count_words
from numerate.answers.extraction.statement_expressions import chain_value
from numerate.answers.extraction.statement_values import statement_value
from numerate.answers.extraction.tagged_answers import opens_object
from numerate.answers.sources import LONGEST_STATEMENT, Extracted
from numerate.answers.text.formulas import FORMULA, last_row
from numerate.answers.text.markdown import bold_parts
from numerate.types import Kind

MOST_WORDS = 12
_SYMBOLS = re.compile(r"[∞∅=<>≤≥]|\binfinity\b|\bempty\b")
_REASON = re.compile(r"(?:Since|Because|Given that)\b[^,]*,", re.IGNORECASE)
_MEANING: dict[Kind, re.Pattern[str]] = {
    "number": DIGIT,
    "math": re.compile(r"\w|\\"),
    "choice": re.compile(r"\w|\\"),
}


def bare_answer(tail: str, kind: Kind) -> Extracted | None:
    """Returns the whole text where it is an answer and no sentence."""
    text = tail.strip()
    if len(text) > LONGEST_STATEMENT or opens_object(text) or _has_lines(text):
        return None
    if not _MEANING[kind].search(text) or _REASON.match(text):
        return None
    words = count_words(text)
    if words and kind == "number":
        return None
    value = _bare_expression(text, words) if words and kind == "math" else _bare_text(text, kind, words)
    return None if value is None else Extracted(value, "bare")


def _bare_expression(text: str, words: int) -> str | None:
    """Returns the value of a text of kind math with a few words in it."""
    if FORMULA.search(text) or (words > 3 and bold_parts(text)):
        return None
    if any(c.isdigit() for c in text):
        return (statement_value(text, "math") or None) if words < 3 else None
    if words >= 3 and _SYMBOLS.search(text):
        return None
    return _bare_text(text, "math", words)


def _bare_text(text: str, kind: Kind, words: int) -> str | None:
    if words > MOST_WORDS or "=<" in text or "<<" in text:
        return None
    return chain_value(last_row(text)) if kind == "math" and not words else text


def _has_lines(text: str) -> bool:
    """Checks whether `text` has several lines, unless they are the rows of a matrix or stand within
    braces."""
    first, newline, _ = text.partition("\n")
    return bool(newline) and "\\begin" not in text and first.count("{") == first.count("}")
