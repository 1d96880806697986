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
    """The letter of `D (none of the above)`."""
    match = _REMARKED.fullmatch(choice.plain(unbox(answer)))
    return match[1] if match and _DOUBTED.isdisjoint(match[2].split()) else None
