"""Solutions that judge every choice: `A) too small: incorrect. B) correct. C) incorrect.` is B."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers.sources import LONGEST_STATEMENT

_VERDICT = re.compile(
    r"(?:^|(?<=[.;,\n]))[ \t*_-]*\(?(?P<letter>(?-i:[A-J]))(?:[).:]|\s+is\b)[^\n;.]{0,60}?"
    r"(?:\b(?P<right>correct|true|yes|right)|\b(?P<wrong>incorrect|not \w+|untrue|false|no|wrong))"
    r"\b(?=\W{0,3}(?:[.;,\n]|\Z))",
    re.IGNORECASE,
)
MOST_BEHIND = 2
"""words that may follow the last verdict"""


def letter_by_verdicts(tail: str, choices: Sequence[tuple[str, str]] = ()) -> str | None:
    """Returns the one letter that a list of verdicts at the end of a text calls right, where it calls others
    wrong; "" where it calls several right or one that is no choice, None without such a list."""
    verdicts = list(_VERDICT.finditer(tail, max(len(tail) - LONGEST_STATEMENT, 0)))
    if len(verdicts) < 2 or len(tail[verdicts[-1].end() :].split()) > MOST_BEHIND:
        return None
    right = {verdict["letter"] for verdict in verdicts if verdict["right"]}
    wrong = {verdict["letter"] for verdict in verdicts if verdict["wrong"]}
    if len(right) > 1 or right & wrong or (choices and not right <= {letter for letter, _ in choices}):
        return ""
    return min(right) if right and wrong else None
