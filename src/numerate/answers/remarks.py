"""Letters of choices with a remark in brackets: `D (none of the above)`."""

from __future__ import annotations

import re

from numerate.answers import choice, names
from numerate.answers.boxes import unbox

_REMARKED = re.compile(r"\(?([A-J])\)?[.:]? ?\(([a-z][a-z' -]{5,60})\)\.?")
_DOUBTED = names.listed(
    "not no never neither nor or either maybe perhaps wrong incorrect instead but if except"
)


def letter(answer: str) -> str | None:
    """The letter of `D (none of the above)`; of `D (not E)` something that is no letter."""
    match = _REMARKED.fullmatch(choice.plain(unbox(answer)))
    if match is None:
        return None
    return match[1] if _DOUBTED.isdisjoint(match[2].split()) else f"{match[1]} in doubt"
