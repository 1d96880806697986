"""The texts of choices: in place of a letter, or beside one that they contradict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from numerate.answers.expr.exact import exact_rational
from numerate.answers.expr.tree import Undecided, Unreadable
from numerate.answers.extraction import choice_words as w
from numerate.answers.extraction.statements import Mention
from numerate.answers.parse.parser import parse_answer
from numerate.answers.text.normalize import normalize_text, plain_number, plain_words
from numerate.answers.text.rewrite import rewrite_notations

Choices = Sequence[tuple[str, str]]
LONGEST = 500
"""characters of a choice's text, and of what is announced, that are compared"""
MOST_HEADS = 6
"""commas and the like before which the text of a choice may end"""


def letter_of_text(form: str, choices: Choices) -> str | None:
    """Returns the one choice whose text this is, in normal form: letter by letter, word by word, or as a
    number."""
    for alike in (_same_string, _same_words, _same_number):
        letters = [letter for letter, text in choices if alike(form, _form(text[:LONGEST]))]
        if len(letters) == 1:
            return letters[0].upper()
        if letters:
            return None
    return None


_HEAD = re.compile(r"[,;:(—]|\s[-–]\s|--|(?<!\d)\.(?=\s|$)|\.$|\b(?:because|since|as it|which)\b")


def announced_choice(tail: str, start: int, choices: Choices) -> str | None:
    """Returns the choice whose text `the answer is ...` gives behind `start`.

    "" where an answer is announced there that is no text of a choice; None where none is."""
    last = None
    for match in w.STATED.finditer(tail, start):
        last = match
    if last is None or not choices:
        return None
    value = last["value"].strip()
    if w.NEGATION.match(value) or _holds_letter(value, choices):
        return None
    letter = _opening_choice(value, choices)
    return letter or ""


def _holds_letter(value: str, choices: Choices) -> bool:
    return any(
        re.search(rf"(?<![A-Za-z0-9]){re.escape(label)}(?![A-Za-z0-9])", value)
        for label, _ in choices
        if label.isalpha() and label not in ("A", "I")
    ) or bool(re.match(r"\(?[AI]\b(?! [a-z])", value))


def _opening_choice(value: str, choices: Choices) -> str | None:
    """Returns the choice that a value opens with, unless it goes on to another."""
    value = re.sub(r"^(?:that|:|=|\s)+", "", value[:LONGEST]).strip()
    heads = (match.start() for match in islice(_HEAD.finditer(value), MOST_HEADS))
    for end in (len(value), *heads):
        letter = letter_of_text(normalize_text(value[:end].strip()), choices)
        if letter is not None:
            rest = _WITHOUT.sub("", f" {value[end:].casefold()} ")
            others = (text for label, text in choices if label.upper() != letter)
            return None if any(_in(text.casefold(), rest) for text in others) else letter
    return None


_WITHOUT = re.compile(
    r"\b(?:not|never|rather than|instead of|unlike|n't be|over)\b[^,;.]*|\b(?:because|since|as)\b.*"
)
"""words behind a choice's text that may name the other ones"""


def _in(text: str, rest: str) -> bool:
    return bool(text.strip()) and re.search(rf"(?<!\w){re.escape(text.strip())}(?!\w)", rest) is not None


# -- contradictions ----------------------------------------------------------------------
_BESIDE = re.compile(
    r"[\s).:,–—=-]*(?:(?:\(|(?:which|that|it) is |i\.e\.,? |namely |with )\s*)?([^\n;()]{1,200})"
)
_STOP = re.compile(r",\s|[.!?](?=\s|$)|$")


def names_another(tail: str, mention: Mention, letter: str, choices: Choices) -> bool:
    """Checks whether the letter stands beside the text of another choice: `B) attic` where attic is C."""
    if not choices:
        return False
    own = [_form(text[:LONGEST]) for label, text in choices if label.upper() == letter]
    match = _BESIDE.match(tail, mention.end)
    pieces = {match[1][: stop.start()] for stop in _STOP.finditer(match[1])} if match else set[str]()
    before = tail[max(0, mention.start - 200) : mention.start].rstrip()
    for label, text in choices:
        form = _form(text[:LONGEST])
        if label.upper() == letter or not form or any(_alike(form, each) for each in own):
            continue
        if any(_alike(normalize_text(piece), form) for piece in pieces) or (
            tail[mention.start] in "(["
            and re.search(rf"(?<![\w.,]){re.escape(text)}$", before, re.IGNORECASE)
        ):
            return True
    return False


# -- sameness ----------------------------------------------------------------------
_form = lru_cache(maxsize=4096)(normalize_text)


def _alike(a: str, b: str) -> bool:
    return _same_string(a, b) or _same_words(a, b) or _same_number(a, b)


def _same_string(a: str, b: str) -> bool:
    return a != "" and a.casefold() == b.casefold()


def _same_words(a: str, b: str) -> bool:
    plain = plain_words(a)
    return plain is not None and plain == plain_words(b)


def _same_number(a: str, b: str) -> bool:
    value = _number(a)
    return value is not None and value == _number(b)


@lru_cache(maxsize=4096)
def _number(form: str) -> Fraction | None:
    if len(form) > 60 or not any(c.isdigit() for c in form):
        return None
    plain = plain_number(form)
    if plain is not None:
        return Fraction(plain) if len(plain) < 60 else None
    try:
        return exact_rational(parse_answer(rewrite_notations(form)))
    except (Unreadable, Undecided, ArithmeticError, RecursionError):
        return None
