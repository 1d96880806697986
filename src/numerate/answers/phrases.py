"""Sentences that announce an answer, and other writing around it that says nothing."""

from __future__ import annotations

import re

_ANNOUNCED = re.compile(
    r"[ $]*(?P<open>\\text[a-z]* ?\{ ?)?(?:(?:so|thus|hence|therefore),? )?(?:(?:the|my|our) )?"
    r"(?:(?:final|correct|right) )*answer(?: choice)? ?(?:is(?! not\b)|are|:|=)+ ?:? ?(?P<close>\})?",
    re.IGNORECASE,
)
_STYLE = re.compile(r"\\(?:text[a-z]*|mathrm|mbox)(?![a-zA-Z])|[{}$]")
_BETWEEN = re.compile(
    r"(?:[a-z]|(?:all )?(?:real )?numbers)? ?(?:is |lies )?(?:between|from) (\S{1,20}) (?:and|to) "
    r"([^\s,]{1,20}),? \(?(inclusive|exclusive)\)?",
    re.IGNORECASE,
)


def announced(text: str) -> str:
    """What follows "The answer is"; the text itself where it doesn't begin so."""
    match = _ANNOUNCED.match(text) if "nswer" in text[:60] or "NSWER" in text[:60] else None
    if match is None or match.end() == len(text):
        return text
    still_open = match["open"] if match["open"] and not match["close"] else ""
    if match["close"] and not match["open"]:
        return text
    return still_open + text[match.end() :]


def says_none(text: str) -> bool:
    """True for the word "none", whatever its style."""
    return len(text) < 40 and _STYLE.sub("", text).strip(" .").lower() == "none"


def between(normal: str) -> str | None:
    """`x between 2 and 5, inclusive` as an interval; None for anything else, also where it leaves open
    whether the ends belong to it."""
    if not normal.rstrip("}) ").endswith("clusive"):
        return None
    match = _BETWEEN.fullmatch(" ".join(_STYLE.sub(" ", normal).split()))
    if match is None:
        return None
    opener, closer = "[]" if match[3].lower() == "inclusive" else "()"
    return f"{opener}{match[1]},{match[2]}{closer}"
