"""Words that announce a final answer, in the languages that models answer in: `The answer is`, `Ответ:`.

A cue is looked for from its stem (`answer`, `ответ`), which `str.find` reaches faster than any pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Cue(NamedTuple):
    start: int
    end: int
    """where what it announces begins"""
    final: bool = False
    """True where it says that this is the final answer"""


_MATH = r"\$[^$\n]{1,60}\$"
_ENGLISH = re.compile(
    rf"answers?\b(?P<between>(?:[^.\n:：=$\\?]|{_MATH}){{0,60}}?)"
    r"(?:\b(?:is|are|equals|becomes)\b|\b(?:would|will|must|should|can only|has to) be\b"
    r"|\b(?:comes?|works?|turns?) out (?:to (?:be)?)?|[:：=](?!=)|\s[-–—]{1,2}\s|[—–→⇒➔]|[-=]>)"
    r"|answer,\s(?=[$\\\d-][^,\n]{0,30},\s(?:is|was|which)\b)"
    r"|answer(?:\s*\*\*)?(?P<alone>[ \t]+(?=\$|\\[(\[]|[-(]?\d))"
    r"|ans(?:\s?[.:]|\s[-–—]\s)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|cannot|wrong|incorrect|no longer|checked|verified|follows|depends|comes from)\b|n't\b",
    re.IGNORECASE,
)
_REJECTED_BEFORE = re.compile(
    # something done with an answer, not said of it
    r"(?:\b(?:check(?:ing)?|verify(?:ing)?|confirm(?:ing)?|validate|find(?:ing)?|get(?:ting)?|to"
    # an answer that is supposed, or was
    r"|(?:suppose|supposing|assume|assuming|thought)(?: that)?|if"
    # another answer than the final one
    r"|no|wrong|incorrect|first|initial|previous|earlier|intermediate|tentative|preliminary|expected|possible"
    r"|example|sample|not the)(?: (?:the|our|this|my|your|an?|final))*"
    # a quotation, or the end of a longer word
    r"|[\"“](?:the )?(?:final )?(?:correct )?)[ ]?\Z|[A-Za-z]\Z",
    re.IGNORECASE,
)
_FINAL_BEFORE = re.compile(r"final[ *]{0,3}$", re.IGNORECASE)
_FINAL_RESULT = re.compile(
    r"final (?:result|solution|value|amount|total|count|number|price|cost)s?\b"
    r"[^.\n:=$\\]{0,40}?(?:\b(?:is|are)\b|[:=])",
    re.IGNORECASE,
)
_LETTER = re.compile(r"A ?: ?(?!.*\n+B ?:)")

_LATIN = (  # La respuesta final es 5
    r"\w{{0,4}}(?![^.\n]{{0,24}}(?:\bpas\b|\bnicht\b|\bno\b|\bnon\b|\bnão\b|không phải))"
    r"[^.\n:=$\\?]{{0,40}}?(?:\b(?:{verbs})\b|[:：=]|\s[-–—]\s)"
)
_LATIN_STEMS = {
    "respuesta": "es|sería", "resposta": "é|seria", "réponse": "est|serait", "reponse": "est",
    "antwort": "ist|lautet|beträgt",
    "risposta": "è", "jibu": "ni", "jawaban": "adalah", "antwoord": "is", "odpowied": "to|wynosi|brzmi",
    "cevap": "şudur", "cevab": "şudur", "yanıt": "şudur", "đáp án": "là", "đáp số": "là", "câu trả lời": "là",
    "ergebnis": "ist|lautet|beträgt", "svar": "är|er",
}  # fmt: skip
_OTHER_STEMS = {
    "答案": r"(?:(?!不是|并非|不)[^。\n:：=$\\]){0,16}?(?:应该是|应为|就是|等于|是|为|為|[:：=])",
    "答え": r"[^。\n:：=$\\]{0,16}?(?:は|が|[:：=])",
    "解答": r"[^。\n:：=$\\]{0,16}?(?:は|[:：=])",
    "正解": r"(?:は|[:：=])",
    "答": r"[:：]",
    "정답": r"[^.\n:：=$\\]{0,16}?(?:은|는|[:：=])",
    "답": r"(?:은|[:：=])",
    "ответ": r"\w{0,3}[^.\n:=$\\]{0,30}?"
    r"(?:[:=]|\s[-–—]\s|\b(?:равен|равна|равно|будет|составляет)\b)|ответ\s*(?=[\d$])",
    "відповідь": r"[^.\n:=$\\]{0,30}?(?:[:=]|\s[-–—]\s)",
    "คำตอบ": r"[^\n:=$\\\d]{0,24}?(?:คือ|เท่ากับ|เป็น|[:=])|คำตอบ\s*(?=[\d$])",
    "উত্তর": r"[^\n।:=$\\\d]{0,20}?(?:হলো|হল|হবে|হচ্ছে|[:ঃ=])|উত্তর\s*(?=[\d$])",
    "సమాధానం": r"[^\n:=$\\\d]{0,16}?[:=]|సమాధానం\s*(?=[\d$])",
    "الجواب": r"[^\n.:=$\\\d]{0,24}?(?:هو|هي|[:=])",
    "الإجابة": r"[^\n.:=$\\\d]{0,24}?(?:هو|هي|[:=])",
    "उत्तर": r"[^\n।:=$\\\d]{0,16}?(?:है|[:=])|उत्तर\s*(?=[\d$])",
    "απάντηση": r"[^\n.:=$\\]{0,20}?(?:είναι|[:=])",
}  # fmt: skip
_PATTERNS = {
    **{
        stem: re.compile(stem + _LATIN.format(verbs=verbs), re.IGNORECASE)
        for stem, verbs in _LATIN_STEMS.items()
    },
    **{stem: re.compile(stem + rest, re.IGNORECASE) for stem, rest in _OTHER_STEMS.items()},
}
_ASCII_STEMS = [stem for stem in _LATIN_STEMS if stem.isascii()]
_ALL_STEMS = list(_PATTERNS)
MOST_CUES = 12
END = 200
"""characters at the end of a text that are looked through first: most answers stand there"""


def answer_cues(text: str, start: int = 0) -> Iterator[Cue]:
    """Yields cues from the last to the first; of each stem the last twelve at the end, and before it."""
    lower = lower_text(text)
    near_end = max(start, len(text) - END)
    yield from _cues_between(text, lower, near_end, len(text))
    if near_end > start:
        yield from _cues_between(text, lower, start, near_end)


def _cues_between(text: str, lower: str, start: int, stop: int) -> list[Cue]:
    """Returns the cues that begin in a part of a text, from the last to the first."""
    cues = [*_english(text, lower, start, stop), *_line_starts(text, start, stop)]
    for stem in _ASCII_STEMS if text.isascii() else _ALL_STEMS:
        if lower.find(stem, start, stop + len(stem)) >= 0:
            matches = (_PATTERNS[stem].match(text, at) for at in _positions(lower, stem, start, stop))
            cues += [Cue(match.start(), match.end()) for match in matches if match]
    if len(cues) > 1:
        cues.sort(key=lambda cue: -cue.end)
    return cues


def lower_text(text: str) -> str:
    """Returns the text in lower case, of the same length."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _positions(lower: str, stem: str, start: int, stop: int) -> Iterator[int]:
    at = stop + len(stem) - 1
    for _ in range(MOST_CUES):
        at = lower.rfind(stem, start, at)
        if at < 0:
            return
        yield at


def _english(text: str, lower: str, start: int, stop: int) -> Iterator[Cue]:
    for at in _positions(lower, "ans", start, stop):
        match = _ENGLISH.match(text, at)
        if match is None or (match["between"] and _DENIED.search(match["between"])):
            continue
        before = text[max(at - 24, 0) : at]
        if match["alone"] and before.rpartition("\n")[2].strip(" *#_>"):
            continue
        if not _REJECTED_BEFORE.search(before) and not _lists_answers(text, match):
            yield Cue(at, match.end(), _FINAL_BEFORE.search(before) is not None)
    if lower.find("final ", start, stop + 5) >= 0:
        for at in _positions(lower, "final ", start, stop):
            if match := _FINAL_RESULT.match(text, at):
                yield Cue(at, match.end(), True)


def _lists_answers(text: str, match: re.Match[str]) -> bool:
    """Checks whether the match is a label such as `Correct answers: 5 × 2` with more behind its line."""
    if text[match.start() : match.end()].lower() not in ("answers:", "answers**:", "answers:**"):
        return False
    line_end = text.find("\n", match.end())
    return (
        line_end >= 0
        and text[match.end() : line_end].strip(" *") != ""
        and any(map(str.isdigit, text[line_end:]))
    )


def _line_starts(text: str, start: int, stop: int) -> Iterator[Cue]:
    """Yields `A: 5` at the start of a line, unless the options B, C, ... follow."""
    if start == 0 and text.startswith("A") and (match := _LETTER.match(text)):
        yield Cue(0, match.end())
    for at in _positions(text, "\nA", start, stop):
        if text.startswith((":", " :"), at + 2) and (match := _LETTER.match(text, at + 1)):
            yield Cue(at + 1, match.end())
