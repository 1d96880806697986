"""Letters of choices where nothing else is written: `(B)`, `B, E and G`, `D (none of the above)`."""

from __future__ import annotations

import re

from numerate.answers.text import vocabulary
from numerate.answers.text.phrases import strip_announcement

LONGEST = 2_000
"""characters in which a letter is looked for"""
SPACING = re.compile(r"\\[ ,;:]|\\q?quad(?![a-zA-Z])|~")
STYLES = re.compile(
    r"\\(?:text[a-z]*|math[a-z]+|boxed|fbox|mbox|hbox|left|right|bold|bf|rm|q?quad|[A-Z]|[^A-Za-z])"
    r"(?![A-Za-z])"
)
_COMMANDS = re.compile(r"\\[a-zA-Z]+|[{}*$\\]")
_DIGIT = re.compile(r"\d")
_SEVERAL = re.compile(r"\(?([A-Z])\)?(?:(?:,|;|and|&| )+\(?([A-Z])\)?)+")
_ONE_LETTER = re.compile(r"\(? ?[A-J] ?\)?\.?")
_BRACKETED = re.compile(r"[(\[] ?[A-J] ?[)\]]\.?")


def plain_choice_text(text: str) -> str:
    """Returns the text without commands, announcement and doubled spaces."""
    text = _COMMANDS.sub("", SPACING.sub(" ", strip_announcement(text[:LONGEST])))
    return " ".join(text.split()).replace("( ", "(").replace(" )", ")")


def _has_signs(text: str) -> bool:
    """Checks whether `text` has a command that is no style: the letters of `A \\cap B` are no choices."""
    return "\\" in text and "\\" in STYLES.sub("", text[:LONGEST])


def several_letters(text: str) -> str | None:
    """Returns the letters of "G, B and E" in alphabetical order, "" between; None where there are fewer."""
    if _DIGIT.search(text):
        return None
    letters = plain_choice_text(text)
    if not _SEVERAL.fullmatch(letters.replace(" or ", " and ")) or _has_signs(text):
        return None
    return "".join(sorted(re.findall(r"[A-Z]", letters)))


def is_letters(text: str) -> bool:
    """Checks whether `text` is the letter of a choice, or several: E, (E), \\text{(E)}, "B, E, G"; never
    for x."""
    if _DIGIT.search(text):
        return False
    return several_letters(text) is not None or _is_single(text, _ONE_LETTER)


def is_bracketed_letter(text: str) -> bool:
    """Checks whether `text` is (B), which nothing but a choice is written as."""
    return _is_single(text[:80], _BRACKETED)


def _is_single(text: str, form: re.Pattern[str]) -> bool:
    return form.fullmatch(plain_choice_text(text)) is not None and not _has_signs(text)


_REMARKED = re.compile(r"\(?([A-J])\)?[.:]? ?\(([a-z][a-z' -]{5,60})\)\.?")
_DOUBTED = vocabulary.split_names(
    "not no never neither nor or either maybe perhaps wrong incorrect instead but if except"
)


def remarked_letter(text: str) -> str | None:
    """Returns the letter of `D (none of the above)`; of `D (not E)` something that is no letter."""
    match = _REMARKED.fullmatch(plain_choice_text(text))
    if match is None:
        return None
    return match[1] if _DOUBTED.isdisjoint(match[2].split()) else f"{match[1]} in doubt"
