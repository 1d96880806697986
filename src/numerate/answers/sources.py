"""Records and names of where a final answer stands in a response."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

from numerate.types import Kind

MOST_GUESSED = 4_000
"""characters at the end in which a guess is looked for"""
LONGEST_STATEMENT = 1_200
"""characters: the longest answer behind a mark, and the longest bare one"""
Fallback = Literal["number", "expression", "none"]
"""the answer where none is marked: the last number, the last expression, or none"""
_KINDS, _FALLBACKS = get_args(Kind), get_args(Fallback)


class Extracted(NamedTuple):
    """An extracted answer, and where it was in the text."""

    answer: str | None
    source: str
    """tag, hash, box, phrase, heading, bare, letter, output, math, last, or none"""


NOTHING = Extracted(None, "none")
GUESSES = frozenset({"output", "math", "last"})
"""sources of answers that no mark in the text identifies"""
UNMARKED = (GUESSES - {"output"}) | {"bare", "letter", "none"}
"""sources of an answer that a solution doesn't mark as one"""
GUESS_OF: dict[Kind, str] = {"math": "math", "number": "last", "choice": "letter"}
"""the source of a value read off the last sentence"""
_CONTENT = re.compile(r"[^\W_]|[∅∞°{}]|\\\{")


def check_options(kind: str, fallback: str) -> None:
    """Raises ValueError for an unknown kind or fallback: a misspelt "none" would pay guesses."""
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r} must be one of {', '.join(_KINDS)}")
    if fallback not in _FALLBACKS:
        raise ValueError(f"fallback {fallback!r} must be one of {', '.join(_FALLBACKS)}")


def has_content(source: Extracted | None) -> bool:
    """Checks whether there is an answer, and not of marks alone."""
    return source is not None and source.answer is not None and _CONTENT.search(source.answer) is not None
