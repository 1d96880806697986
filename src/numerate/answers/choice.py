"""Multiple choice: the letter, with or without its text, or the text in place of the letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from numerate.answers.boxes import unbox
from numerate.answers.normal import normalise, words
from numerate.answers.phrases import announced

Choices = Sequence[tuple[str, str]]

_SPACING = re.compile(r"\\[ ,;:]|\\q?quad(?![a-zA-Z])|~")
_COMMANDS = re.compile(r"\\[a-zA-Z]+|[{}*$\\]")
_LETTER = re.compile(
    r"(?:option|choice|answer)?\s?"
    r"(?:[(\[]([A-Za-z])[)\]]|([A-Za-z])(?:[)\]:,]|\.(?![A-Za-z])|\s?$|\s(?=\S{0,40}\d)))",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"\(?([A-Z])\)?(?:(?:,|;|and|&| )+\(?([A-Z])\)?)+")
_MARKED = re.compile(r"(?<![A-Za-z0-9])\(([A-Z])\)|(?<![A-Za-z0-9(])([A-Z])(?=[).:](?:\s|$))")
_ALONE = re.compile(r"(?<![A-Za-z0-9'$\\])([B-HJ-Z]|A(?=\W*$))(?![A-Za-z0-9'=+*/^_-])")
_STYLES = re.compile(
    r"\\(?:text[a-z]*|math[a-z]+|boxed|fbox|mbox|hbox|left|right|bold|bf|rm|q?quad|[A-Z]|[^A-Za-z])"
    r"(?![A-Za-z])"
)
_ONE_LETTER = re.compile(r"\(? ?[A-J] ?\)?\.?")
LONGEST = 2_000


def plain(text: str) -> str:
    text = _COMMANDS.sub("", _SPACING.sub(" ", announced(text[:LONGEST])))
    return " ".join(text.split()).replace("( ", "(").replace(" )", ")")


def _has_signs(text: str) -> bool:
    """True for a command that is no style: the letters of `A \\cap B` are no choices."""
    return "\\" in text and "\\" in _STYLES.sub("", text[:LONGEST])


def leading_letter(text: str) -> str | None:
    """The letter that opens "(B) 12", "B. 12", "b", "B" -- and nothing in "Bob" or "(A) or (E)"."""
    text = unbox(text)
    if "\\" in text[:4] and _STYLES.sub("", text[:40]).lstrip(" $({").startswith("\\"):
        return None  # \det A
    text = plain(text)
    if several_letters(text):
        return None
    match = _LETTER.match(text)
    return (match.group(1) or match.group(2)).upper() if match else None


def several_letters(text: str) -> str | None:
    """The letters of "G, B and E" in alphabetical order, "" between; None when there are not several."""
    letters = plain(unbox(text))
    if not _LETTERS.fullmatch(letters.replace(" or ", " and ")) or _has_signs(text):
        return None
    return "".join(sorted(re.findall(r"[A-Z]", letters)))


def is_letters(reference: str) -> bool:
    """True for a reference that is the letter of a choice, or several: E, (E), \\text{(E)}, "B, E, G";
    never x."""
    if several_letters(reference):
        return True
    return _ONE_LETTER.fullmatch(plain(unbox(reference))) is not None and not _has_signs(reference)


def letter_of(value: str, choices: Choices) -> str | None:
    """The letter that an extracted answer means: its own letter first, then the one choice whose text it
    is."""
    value = value[:LONGEST]
    allowed = {letter.upper() for letter, _ in choices}
    form = normalise(value)
    for alike in (_same_string, _same_words):
        by_text = [letter for letter, text in choices if alike(form, _form(text[:LONGEST]))]
        if len(by_text) == 1:
            return by_text[0].upper()
    letter = leading_letter(value)
    return letter if letter and (not allowed or letter in allowed) else None


def last_letter(text: str, choices: Choices) -> str | None:
    """The last letter that is marked as a choice in running text: "(B)", "B." or "B)", else one that stands
    alone."""
    allowed = {letter.upper() for letter, _ in choices}
    tail = plain(text[-LONGEST:])
    for pattern in (_MARKED, _ALONE):
        found = [next(filter(None, m.groups())) for m in pattern.finditer(tail)]
        found = [letter for letter in found if not allowed or letter in allowed]
        if found:
            return found[-1]
    return None


@lru_cache(maxsize=4096)
def _form(text: str) -> str:
    return normalise(text)


def _same_string(a: str, b: str) -> bool:
    return a != "" and a.casefold() == b.casefold()


def _same_words(a: str, b: str) -> bool:
    found = words(a)
    return found is not None and found == words(b)
