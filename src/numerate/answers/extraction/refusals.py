"""Sentences that say that there is no answer, or none to be known."""

from __future__ import annotations

import re

_REFUSAL = re.compile(
    # what can't be worked out
    r"\b(?:cannot|can't|can not|could not|couldn't) be (?:determined|found|solved|computed|calculated|told"
    r"|said|answered|known)\b"
    r"|(?:\b(?:I|we|you|one|it|and|but|so|still|therefore)\s|(?:^|[.:;,(])\s*+|\n[^\S\n]*+)"
    r"(?:\w+ly |just |still )?"
    r"(?:cannot|can't|can not|could not|couldn't) (?:\w+ly )?"
    r"(?:determine|find|solve|compute|calculate|tell|say|answer|know|help|assist)\b(?! \W?\d)"
    r"|\b(?:unable to|not possible to|impossible to|not able to) "
    r"(?:determine|find|solve|compute|calculate|tell|say|answer|know|help|assist)"
    # what is not known
    r"|\b(?:do not|don't|does not|doesn't) (?:know|(?:have|give|provide|contain)\w* enough"
    r" (?:information|info|data|details|facts|context|to))"
    r"|\b(?:do not|don't|cannot|can't) see (?:how|any way)|\bno (?:idea|way (?:to|of) (?:know|tell"
    r"|determin|find|solv|comput))"
    r"|\b(?:does not|doesn't|did not|didn't|never) (?:(?:tell|reveal)s?(?: us)?|(?:mention|state"
    r"|specify) (?:how|what|which|the|whether))\b"
    r"|(?:\bnot|n't) enough information|\banswer is (?:not known|unknown)"
    r"|\b(?:does not|doesn't) say (?:which|what|how)|\bnot specified"
    r"|\binsufficient (?:information|data)|\bnot sure\b"
    # other languages
    r"|ne peux pas répondre|ne peut pas être|lässt sich nicht|kann nicht (?:beantwortet|bestimmt|gelöst)"
    r"|解けません|求めることができ"
    r"|no se puede|non si può|não é possível|нельзя|알 수 없|ไม่สามารถ"
    r"|no puedo (?:resolver|responder)|faltan datos|недостаточно|не хватает данных|siwezi"
    r"|il manque|fehlen (?:die |noch )?(?:Angaben|Informationen)"
    r"|nicht genug|não posso|faltam dados|non posso|mancano"
    r"|条件不足|信息不足|缺少|没有给出|没有足够|情報が足り|情報が不足|정보가 부족"
    r"|ไม่เพียงพอ|পর্যাপ্ত তথ্য নেই|సరిపోదు"
    r"|无法|沒辦法|没办法|不能确定|impossible de|no es posible|nicht möglich|non è possibile"
    r"|je (?:ne )?sais pas|ich weiß (?:es )?nicht|no sé\b|não sei|non lo so|не знаю"
    r"|不知道|不确定|分かりません|nie wiem"
    r"|невозможно|わかりません|求められません",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\b(?:therefore|so|thus|hence|in total|altogether)\b|\d\s*=\s*\$?-?\d|\*\*[^*]*\d", re.IGNORECASE
)
_STEMS = (
    "not",
    "n't",
    "unable",
    "unknown",
    "impossible",
    "no idea",
    "no way",
    "never",
    "insufficient",
    "posible",
    "puede",
    "kann nicht",
    "ne pe",
    "puedo",
    "sais",
    "non lo so",
    "nie wiem",
    "faltan",
    "siwezi",
    "manque",
    "fehlen",
    "nicht genug",
    "posso",
    "mancano",
)
"""of which a refusal in ASCII has one"""


SHORTEST = 6
"""characters of the shortest refusal in ASCII"""
MOST_STEMS = 8
"""stems around which a refusal is looked for before the whole text is"""
REACH = 80
"""characters around a stem in which its refusal stands"""


def refuses_answer(text: str, start: int) -> bool:
    """Checks whether the text says from `start` on that there is no answer, and draws no conclusion after
    that."""
    behind = text[start:].lower()
    if not behind.isascii():
        *_, last = (None, *_REFUSAL.finditer(text, start))
    else:
        last = _last_in_ascii(text, start, behind) if len(behind) >= SHORTEST else None
    return last is not None and not _CONCLUSION.search(text, last.end())


def _last_in_ascii(text: str, start: int, lower: str) -> re.Match[str] | None:
    """Returns the last refusal, looked for around the stems: the pattern is slow on a whole text."""
    last = max(map(lower.rfind, _STEMS))
    for _ in range(MOST_STEMS):
        if last < 0:
            return None
        *_, match = (None, *_REFUSAL.finditer(text, start + max(last - REACH, 0), start + last + REACH))
        if match:
            return match
        last = max(lower.rfind(stem, 0, last) for stem in _STEMS)
    *_, match = (None, *_REFUSAL.finditer(text, start, start + last + REACH))
    return match
