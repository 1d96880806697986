"""The value that a statement makes: `approximately 42 (not 43)` is 42, `x = 1 or x = 2, since ...` is both.

A statement is what stands behind a cue, in a tag, or below a heading."""

from __future__ import annotations

import re

from numerate.answers.extraction.statement_expressions import expression_in
from numerate.answers.extraction.statement_numbers import SIGN_APART, number_in
from numerate.answers.text.markdown import without_emphasis
from numerate.types import Kind

_QUALIFIER = re.compile(
    r"(?:(?:therefore|thus|hence|so|indeed|exactly|approximately|approx\.?|about|around|roughly|simply|"
    r"clearly|just"
    r"|precisely|equal to|given by|nearly|almost|found to be|actually|then|"
    r"also|now|in fact|of course|again|still"
    r"|ca\.|circa|environ|ungefähr|etwa|daher|also|donc|por tanto|aproximadamente|примерно)(?![A-Za-z])|"
    r"[约約大]{1,2}"
    r"|(?<![-=])[-=]+>|>>|[\s,:=≈~→⇒➔\"“”„«»'’]|\\(?:approx|quad|;|,|:)(?![a-zA-Z]))+",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?:(?:not|never|no longer|neither|pas|nicht|no es|non|не|không phải(?: là)?|"
    r"niet|nie)\b|不是|并非)[^;.]*?"
    r"(?:[,;，]?\s*(?:\b(?:but|rather|it'?s|it is|sondern|mais|sino|а|mà là|maar|"
    r"ale|bensì)\b|而是)\s*(?P<but>.+))?$",
    re.DOTALL,
)
_NEGATIVE = re.compile(r"^(?:negative|minus) (?=[\d\\])", re.IGNORECASE)
_TAIL = re.compile(
    r"(?<!>>)(?<![\s\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])"  # not within a run
    r"(?:\s*+(?:!{2,}+|[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]|>>|,\s*(?:thank you|thanks)\b[^\d]*))++$",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"(?<!\s)(?:\s*+\^?\[\^?(?:\d{1,2}|/INST)\^?\])+$")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?%?")


def statement_value(statement: str, kind: Kind) -> str | None:
    """Returns the value of a statement, None where it says none, or only what the answer is not."""
    if _PLAIN.fullmatch(statement):
        return statement
    text = SIGN_APART.sub(
        "-", _FOOTNOTE.sub("", _TAIL.sub("", without_emphasis(statement).strip().removeprefix("<<")))
    )
    if opening := _QUALIFIER.match(text):
        text = text[opening.end() :]
    text = _NEGATIVE.sub("-", text)
    if negation := _NEGATION.match(text):
        return statement_value(negation["but"], kind) if negation["but"] else None
    return number_in(text) if kind == "number" else expression_in(text)
