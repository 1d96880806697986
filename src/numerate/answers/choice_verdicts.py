"""Solutions that judge every choice: `A) too small: incorrect. B) correct. C) incorrect.` is B."""

from __future__ import annotations

import re

from numerate.answers.sources import LONGEST_STATEMENT

_VERDICT = re.compile(
    r"(?:^|(?<=[.;,\n]))[ \t*_-]*\(?(?P<letter>[A-J])(?:[).:]|\s+is\b)[^\n;.]{0,60}?"
    r"(?:\b(?P<right>correct|true|yes|right)|\b(?P<wrong>incorrect|not \w+|untrue|false|no|wrong))"
    r"\b(?=\W{0,3}(?:[.;,\n]|\Z))",
    re.IGNORECASE,
)
MOST_BEHIND = 2
"""words that may follow the last verdict"""


def letter_by_verdicts(tail: str) -> str | None:
    """Returns the one letter that a list of verdicts at the end of a text calls right, where it calls others
    wrong; "" where it calls several right, None without such a list."""
    verdicts = list(_VERDICT.finditer(tail, max(len(tail) - LONGEST_STATEMENT, 0)))
    if len(verdicts) < 2 or len(tail[verdicts[-1].end() :].split()) > MOST_BEHIND:
        return None
    right = {verdict["letter"].upper() for verdict in verdicts if verdict["right"]}
    wrong = {verdict["letter"].upper() for verdict in verdicts if verdict["wrong"]}
    if len(right) > 1 or right & wrong:
        return ""
    return min(right) if right and wrong else None
