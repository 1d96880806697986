r"""Answers in boxes, \boxed{5}, and the sentences behind them that overrule or reject them."""

from __future__ import annotations

import re

from numerate.answers.equivalence import decide
from numerate.answers.extraction.clauses import NEAR
from numerate.answers.extraction.corrections import CORRECTION
from numerate.answers.extraction.cues import answer_cues
from numerate.answers.extraction.phrase_answers import corrected_answer, cue_value
from numerate.answers.extraction.refusals import refuses_answer
from numerate.answers.sources import Extracted
from numerate.answers.text.boxes import Box, has_box, last_boxes
from numerate.types import Kind

_REJECTED = re.compile(
    r"[^.\n]{0,30}\b(?:extraneous|rejected|discarded|invalid|not valid|does not (?:work|satisfy)"
    r"|(?:was|is) (?:my|the|an?) (?:first|initial|earlier|wrong|incorrect|common|naive))\b"
)
MOST_REJECTED = 4
"""times that a rejected box is passed over"""
_PHANTOM = re.compile(r"\\[hv]?phantom\{[^{}]*\}")
_DENIED = re.compile(
    r"(?:\b(?:not|cannot be|never)|\b(?:is|was|can|could)n['’]t(?: be)?)\s*(?:\$|\\\()?\s*\Z"
    r"|(?:不是|并非|而非)\s*(?:\$|\\\()?\s*\Z",
    re.IGNORECASE,
)


MOST_EMPTY = 8
"""empty boxes in a text that is no loop of them"""


def is_loop_of_boxes(tail: str) -> bool:
    """Checks whether an empty box is repeated over and over."""
    return tail.count("\\boxed{}") > MOST_EMPTY


def box_answer(tail: str, kind: Kind) -> Extracted | None:
    """Returns what the last boxes hold, or the final answer that a sentence behind them gives."""
    if "box" not in tail or is_loop_of_boxes(tail):
        return None
    boxes = last_boxes(tail)
    if not boxes:
        return None
    end = boxes[-1].end
    if refuses_answer(tail, end):
        return Extracted(None, "box")
    later = _later_phrase(tail, boxes[-1], kind)
    if later:
        return Extracted(later, "phrase")
    if corrected := _corrected_answer(tail, end, kind):
        return corrected
    contents = ""
    for _ in range(MOST_REJECTED):
        contents = _contents(tail, boxes)
        if contents or not boxes or not any(box.inner.strip() for box in boxes):
            break
        boxes = last_boxes(tail[: boxes[0].start])  # those that the text rejects don't count
    return Extracted(contents, "box")


_CONTRAST = re.compile(
    r"\b(?:but|however|forgot\w*|asks? for|asked for|common|naive|tempting"
    r"|(?:first|initial|earlier) (?:guess|try|answer|thought|idea))\b",
    re.IGNORECASE,
)


def _later_phrase(tail: str, box: Box, kind: Kind) -> str | None:
    """Returns what a sentence behind a box calls the final answer, or the answer after all."""
    end = box.end
    if "nswer" not in tail[end:]:
        return None
    corrected = CORRECTION.search(tail, end) is not None
    corrected = corrected or _CONTRAST.search(tail, max(box.start - NEAR, 0)) is not None
    for cue in answer_cues(tail, end):
        value = cue_value(tail, cue, kind)
        if value and (cue.final or corrected) and not has_box(value) and _has_mathematics(value):
            return value
    return None


def _corrected_answer(tail: str, end: int, kind: Kind) -> Extracted | None:
    """Returns the answer of a correction behind the last box."""
    corrected = corrected_answer(tail, end, kind)
    if corrected is None or kind == "choice" or _has_mathematics(corrected.answer or ""):
        return corrected
    return None


def _has_mathematics(value: str) -> bool:
    """Checks whether `value` has mathematics. "the final answer is positive" has too little to overrule a
    box."""
    return "$" in value or "\\" in value or any(c.isdigit() for c in value)


def _contents(tail: str, boxes: list[Box]) -> str:
    """Returns what the boxes hold that the text doesn't reject; equal answers once: x + 11 or 11 + x."""
    kept = [box for box in boxes if not _is_rejected(tail, box)]
    inner = [_PHANTOM.sub("", box.inner).strip() for box in kept]
    answers = list(dict.fromkeys(filter(None, inner)))
    different = answers[:1]
    different.extend(a for a in answers[1:] if not any(decide(a, b).equal for b in different))
    return ", ".join(different)


def _is_rejected(tail: str, box: Box) -> bool:
    """Checks whether the box stands behind "not" or is discarded by the text behind it."""
    before = tail[max(box.start - NEAR, 0) : box.start].lower()
    may_deny = "not" in before or "never" in before or "n't" in before or "n’t" in before
    may_deny = may_deny or not before.isascii()
    if may_deny and _DENIED.search(tail, max(box.start - NEAR, 0), box.start):
        return True
    return _REJECTED.match(tail, box.end) is not None
