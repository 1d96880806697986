"""Sought quantity, as a text names it: `We need Bob's age`, `Bob's age, the one asked for, is 15`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from numerate.answers.extraction.clauses import DIGIT, english_words
from numerate.answers.text.vocabulary import split_names

_WANTS = (
    r"(?:we|you|they|I)(?:'re| are| were)? (?:only |just |really |actually |ultimately )?"
    r"(?:need(?:ed)?|want(?:ed)?|asked (?:for|to \w+|about)|looking for|interested in|after|supposed to find)"
    r"|the (?:question|problem|exercise|task) (?:only |just |really |actually )?(?:asks?|asked|wants?"
    r"|wanted|is about|requires|needs)"
    r"(?: for| about| to find)?"
)
_RELATIVE = re.compile(
    rf"(?:\b(?:which|that|who|whom|whose \w+|what)(?: is what)? (?:{_WANTS}|(?:is|was) (?:asked|wanted"
    rf"|required|needed))"
    rf"|\bthe (?:one|value|number|amount|quantity|part|answer)(?: that| which)? (?:{_WANTS}|asked for"
    rf"|asked about|wanted|requested)"
    rf"|\bwhat (?:{_WANTS})|\bas (?:asked|requested|wanted))\b",
    re.IGNORECASE,
)
"""attached to the value that is asked for"""
_STATEMENT = re.compile(
    rf"(?:^\W*+|[;:.,—–-][^\w;:.,—–-]*+)(?:(?:but|and|so|now|since|as|because"
    rf"|however),? )?(?:what )?(?:{_WANTS})(?: is)?\b(?P<what>[^.;]*)",
    re.IGNORECASE,
)
"""names what is asked for"""
_NUMBERS = re.compile(r"\d+(?:[.,/:]\d+)*")
_STATED = re.compile(
    rf"\b(?:{_WANTS}) (?:the|what|how (?:much|many)|for) (?P<what>[^.;\d$]*, ?"
    rf"(?:so |which is |which are |i\.e\.,? |namely "
    rf"|that is,? )?[\d$\\-].*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_EMPTY = split_names(
    "the and for are was were who whom which that those these how many much what about only one ones "
    "with has have "
    "had his her its their our number amount value total question problem asks find there here is them "
    "they not"
)
_CLAUSES = re.compile(
    r"[;.:](?=\s|$)|,\s|\b(?:and|while|whereas|but|leaving|making|though|although)\b|\s[—–]\s|[()]"
)


_ASKS = split_names(
    "need needed needs want wanted wants asked asks looking interested after supposed about requires "
    "required "
    "requested"
)
"""words of which a sentence about what is asked for has one"""


def attached_clause(sentence: str) -> str | None:
    """Returns the part of a sentence with the value of which it says that it is asked for."""
    if _ASKS.isdisjoint(english_words(sentence)):
        return None
    marks = list(_RELATIVE.finditer(sentence))
    if not marks:
        stated = _STATED.search(sentence)
        return stated["what"] if stated else None
    mark = marks[-1]
    behind = sentence[mark.end() :]
    if len(_NUMBERS.findall(behind)) == 1:
        return behind
    clause = _CLAUSES.split(behind.lstrip(" ,)"), maxsplit=1)[0]
    if DIGIT.search(clause):
        return behind.lstrip(" ,)")[: len(clause)]
    before = sentence[: mark.start()]
    return before.rstrip(" ,(—–-") if DIGIT.search(before) else None


def sought_words(sentence: str) -> frozenset[str] | None:
    """Returns the words for what a sentence without a value says is asked for."""
    if _ASKS.isdisjoint(english_words(sentence)):
        return None
    match = _STATEMENT.search(sentence)
    if match is None or DIGIT.search(match["what"]):
        return None
    return words_of(match["what"]) or None


def words_of(text: str) -> frozenset[str]:
    """Returns the words of a text that tell one quantity from another, without endings."""
    return frozenset(_stem(word.lower()) for word in _WORD.findall(text)) - _EMPTY


def _stem(word: str) -> str:
    return word if word in _EMPTY else word.removesuffix("s").removesuffix("e").removesuffix("ly")


def clause_about(texts: Iterable[str], words: frozenset[str]) -> str | None:
    """Returns the one clause with a number that has most of the words; None where two have as many."""
    clauses = [clause for text in texts for clause in _clauses_with_numbers(text)]
    ranked = sorted(((len(words & words_of(about)), clause) for about, clause in clauses), reverse=True)
    if not ranked or not ranked[0][0] or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
        return None
    return ranked[0][1]


def _clauses_with_numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yields (clause with what opens it, clause) of those with a number: `Originally, it cost $40`."""
    opening = ""
    for clause in filter(None, _CLAUSES.split(text)):
        if DIGIT.search(clause):
            yield f"{opening} {clause}", clause
            opening = ""
        else:
            opening = clause
