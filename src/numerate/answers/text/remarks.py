"""Letters of choices with a remark in brackets: `D (none of the above)`."""

from __future__ import annotations

import re

from numerate.answers import choice
from numerate.answers.text import vocabulary
from numerate.answers.text.boxes import box_contents

_REMARKED = re.compile(r"\(?([A-J])\)?[.:]? ?\(([a-z][a-z' -]{5,60})\)\.?")
_DOUBTED = vocabulary.split_names(
    "not no never neither nor or either maybe perhaps wrong incorrect instead but if except"
)


def remarked_letter(answer: str) -> str | None:
    """The letter of `D (none of the above)`; of `D (not E)` something that is no letter."""
    match = _REMARKED.fullmatch(choice.plain_choice_text(box_contents(answer)))
    if match is None:
        return None
    return match[1] if _DOUBTED.isdisjoint(match[2].split()) else f"{match[1]} in doubt"
