"""Values beyond a number: what beside it makes another value, so that the number alone is a fragment.

`at least 5`, `3 over 4`, `5+`, `7 remainder 3`, `5 apples and 3 pears`"""

from __future__ import annotations

import re
from unicodedata import category

from numerate.answers.extraction.clauses import NEAR
from numerate.answers.extraction.expressions import MathRun
from numerate.answers.extraction.quantities import quantity_end
from numerate.answers.text.number_words import PARTS, VALUES

_WORDS = "|".join(VALUES)
_COUNT = rf"(?:an?|{_WORDS}|\d{{1,6}})"
_PARTS = "|".join([*(f"{part}s?" for part in PARTS if part not in ("half", "halve", "quarter")), "halves"])
_BEHIND = re.compile(
    r"\s?(?:"
    # bounds
    r"\+(?! ?[\d(\\$.])(?![A-Za-z]\b)|(?:\.{2,}|…)(?=\d)"
    r"|or (?:more|less|fewer|greater|higher|lower|above|below|over|under|better|later|earlier|older"
    r"|younger)\b"
    r"|and (?:up|over|above|below|under|higher|more|counting)\b|plus\b(?=\W*$)|(?:degrees? )?below zero\b"
    # parts
    rf"|(?:and |-)?(?:{_COUNT}[ -])?(?:{_PARTS}|hundredths?|thousandths?|millionths?)\b"
    rf"|half\b|(?:and )?{_COUNT}[ -](?:half|quarters?)\b|quarters? of\b|per mille?\b|permille\b|‰"
    rf"|point (?=\d|{_WORDS})|and (?=\d+ ?/ ?\d|[¼-¾⅐-⅞])"
    # operations
    r"|(?:plus|minus|times|over|divided by|multiplied by|mod(?:ulo)?|to the power(?: of)?)"
    rf" (?=\W?\d|(?:{_WORDS})\b)"
    r"|to the (?:(?:minus |negative )?(?:\d+(?:st|nd|rd|th)?|second|third|fourth|fifth|sixth|seventh|eighth"
    r"|ninth|tenth|nth|[nxk]|one|two|three|half)|power)\b"
    r"|(?:squared|cubed|factorial|choose|mod|modulo)\b"
    r"|(?:in |\()?base[ -](?=\w)|(?:pi|root|sqrt|square root)\b|(?:lakh|crore|bn|mn|mln|gross)s?\b"
    # what is left over
    rf"|,? ?(?:and |with )?(?:an? )?(?:remainders?|rem\.?|[rR])(?: of)? ?(?=\d|(?:{_WORDS})\b)"
    r")",
    re.IGNORECASE,
)
_BEHIND_WORDS = re.compile(
    r"(?:(?! leav| has| have| giv| is| are| was) [A-Za-z]{2,16}){1,2},? (?:or (?:more|less|fewer)\b"
    rf"|(?:and |with )?(?:an? )?remainder(?: of)? (?=\d|(?:{_WORDS})\b))"
)
_BEFORE = re.compile(
    # bounds
    r"(?:(?:\b(?:at (?:the )?(?:very )?(?:least|most)|(?:no|not) (?:more|less|fewer|greater) than"
    r"|(?:more|less|fewer|greater|larger|bigger|smaller|higher|lower) than|over|under|above|below|up to"
    r"|exceed(?:s|ing)|beyond|upwards of"
    # operations
    r"|(?:square|cube|cubic|fourth|\d(?:rd|th)) roots? of|factorial of|log(?:arithm)?s? of|reciprocal of"
    r"|inverse of|opposite of|(?:logarithm|log) base|(?:log|ln|sqrt|sin|cos|tan|exp)(?: of)?"
    r"|(?<!the )(?<!that )(?<!this )(?<!some )(?<!a )(?<!each )(?<!per )(?<!which )point)"
    r"|(?<![-=<>/\w'])[<>≤≥]=?|\\(?:leq?|geq?|lt|gt)(?![a-z]))\s?(?:about |around |exactly )?\$?|[√∛∜∑∏∫¢])$",
    re.IGNORECASE,
)
_OBLIGED = re.compile(
    r"\b(?:needs?|needed|must|has to|have to|should|requir\w+|minimum|maximum|smallest|largest|fewest|most"
    r"|can|could|able|afford)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"at (?:the )?(?:very )?(?:least|most) ?\$?$|(?:no|not) (?:more|less|fewer) than \$?$", re.IGNORECASE
)
_PART_OF = re.compile(rf"%? of \$?\d|% of (?:{_WORDS})\b|[- ]?(?:and )?(?=[¼-¾⅐-⅞⅟])")
_TOKEN = re.compile(r"[^\s,;]*")
"""characters that touch a number, or the rest of a word"""


def changed_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Returns (start, end) of a number together with what makes another value of it, None where nothing
    does."""
    low = start - len(before) if (before := _changed_before(text, start)) else start
    high = _changed_behind(text, end)
    return (low, high) if low < start or high > end else None


def _changed_before(text: str, start: int) -> str:
    match = _BEFORE.search(text, max(start - NEAR, 0), start) if start else None
    if match is None:
        return ""
    limit = _LIMIT.search(match.group())
    return "" if limit and _OBLIGED.search(text, 0, match.start()) else match.group()


def _changed_behind(text: str, end: int) -> int:
    """Returns where what changes a number ends, `end` where nothing does."""
    if end < len(text) and text[end] > "\x7f" and category(text[end]) in ("No", "Nl"):
        return _token_end(text, end)
    for at in dict.fromkeys((end, quantity_end(text, end))):
        if match := _BEHIND.match(text, at) or _PART_OF.match(text, at):
            return _token_end(text, match.end())
    words = _BEHIND_WORDS.match(text, end)
    return _token_end(text, words.end()) if words else end


def _token_end(text: str, at: int) -> int:
    token = _TOKEN.match(text, at)
    return len(text[: token.end()].rstrip(" .!?")) if token else at


# -- several values ----------------------------------------------------------------------
_JOINS = re.compile(
    r"(?: [A-Za-z°-]{1,16}){0,4}\s*(?:,? (?:and|&|plus)(?: also| another)?|[,;&])(?: [A-Za-z]{1,8})?"
    r"\s?(?:[A-Za-z] ?= ?)?\$?"
)
_VERBS = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|so|which|that|because|since|then|thus|hence|makes?|gives?|means?"
    r"|equals?|leaves?|costs?|for each|per|each|from|out|than|times|who|where|when|while|with|by|if|after"
    r"|before|left|i|we|he|she|they|it|you|not|but|or|to)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"(?: [a-z]{2,12})? (?:more|less|fewer|times|older|younger|taller|shorter|ahead|behind|later|earlier)\b"
)


def are_several(text: str, first: MathRun, second: MathRun) -> bool:
    """Checks whether a statement gives two numbers side by side: `2 and 3`, `5 apples and 3 pears`."""
    between = text[first.end : second.start]
    if "=" in second.text.strip()[2:] or "=" in first.text.strip()[2:]:
        return False
    if not _JOINS.fullmatch(between) or _VERBS.search(between):
        return False
    return _COMPARES.match(text, second.end) is None


_ASSIGNED = re.compile(r"\(?[A-Za-z](?:_\{?\d\}?)? ?= ?[^=]+")
_BETWEEN_ASSIGNED = re.compile(r"\s*(?:[,;&]|,? and|,? or)\s*")


def are_assigned(text: str, first: MathRun, second: MathRun) -> bool:
    """Checks whether two equations of unknowns are joined: `x = 1 and x = 2`."""
    if not _BETWEEN_ASSIGNED.fullmatch(text, first.end, second.start):
        return False
    return bool(_ASSIGNED.fullmatch(first.text) and _ASSIGNED.fullmatch(second.text))
