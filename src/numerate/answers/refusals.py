"""Sentences that say that there is no answer, or none to be known."""

from __future__ import annotations

import re

REFUSAL = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not possible to|impossible to|not able to) (?:be )?"
    r"(?:determine|find|solve|compute|calculate|tell|say|answer|know|help|assist)"
    r"|\b(?:do not|don't|does not|doesn't) (?:know|(?:have|give|provide|contain)\w* enough)|(?:\bnot|n't) enough information|\b(?:does not|doesn't) say (?:which|what|how)|\bnot specified|\binsufficient (?:information|data)|\bnot sure\b"
    r"|无法|沒辦法|没办法|不能确定|impossible de|no es posible|nicht möglich|non è possibile|невозможно|わかりません|求められません",
    re.IGNORECASE,
)
