"""The value of the last sentence that has one, for solutions that mark none: a guess, but of a whole
expression."""

from __future__ import annotations

import re

from numerate.answers.extraction.asides import aside_of, concludes, is_bracketed
from numerate.answers.extraction.clauses import CONTENT
from numerate.answers.extraction.passed_over import (
    is_note,
    is_plan,
    is_remark,
    rejects_value,
    without_rejected,
    without_values_in,
)
from numerate.answers.extraction.refusals import refuses_answer
from numerate.answers.extraction.sentence_values import OPEN, Value, value_of, without_enumerator
from numerate.answers.extraction.sentences_upwards import sentences_upwards
from numerate.answers.extraction.sought import sought_words
from numerate.answers.extraction.unfinished import breaks_off
from numerate.answers.extraction.weighing import (
    AsideSentence,
    Upwards,
    beside_or_above,
    head_of_parts,
    is_calculated,
    last_result,
    likelier_value,
    sought_value,
    value_about,
)
from numerate.answers.text.markdown import without_annotations
from numerate.types import Kind

RECENT = 400
"""characters at the end of a text in which it may say that there is no answer"""
_BROKEN_LIST = re.compile(r"(?:\A|\n)[ \t]*\d{1,2}[.)]\s+[^\W\d][^\n]*\n\s*\d{1,2}[.)]\Z")
_ALTERNATIVES = re.compile(r"(?:\n[ \t]*[-*•]\s*\$?\d[\d.,]*[ \t]*\n?){2,}\Z")
"""several numbers below each other, of which none is the answer"""
_FOOTNOTE_MARK = re.compile(r"(?<=[\w.!?])\[\d{1,2}\]\Z")
MOST_ASIDES = 3
"""sentences at the end of a text that may speak of something else"""
LOOPS = 4
"""times that a sentence may stand in a text before that is no solution but a loop"""


def last_statement(text: str, kind: Kind) -> str | None:
    """Returns the value of the last sentence that has one; a part of it in bold type comes first. None
    where the text says that there is none, breaks off, or leaves open which of its values it means."""
    text = without_annotations(text).rstrip()
    text = _FOOTNOTE_MARK.sub("", text) if text.endswith("]") else text
    recent = text[-RECENT:]
    if refuses_answer(text, max(len(text) - RECENT, 0)):
        return None
    if kind == "number" and (_ALTERNATIVES.search(recent) or _BROKEN_LIST.search(recent)):
        return None
    if (head := head_of_parts(text)) is not None:
        text = head.rstrip(":： ")
    sentences = sentences_upwards(text)
    first, follows = next(sentences, ("", False))
    if aside_of(first) != "remark" and breaks_off(without_enumerator(first), follows, kind):
        return None
    if _repeats(text, first):
        return None
    if kind == "math" and (word := _opening_word(text, first)):
        return word
    value = _last_value(text, first, sentences, kind)
    return value if isinstance(value, str) else None


_YES_OR_NO = re.compile(r"\W*(yes|no)[.,!:;](?!\d)", re.IGNORECASE)
_REASON = re.compile(r"\s*(?:since|because|as|for)\b", re.IGNORECASE)
_SO = re.compile(r"\b(?:so|thus|hence|therefore)\b", re.IGNORECASE)


def _opening_word(text: str, last: str) -> str | None:
    """Returns the yes or no that a text begins with, where it ends in a conclusion without a value."""
    word = _YES_OR_NO.match(text)
    if word and text.startswith(last) and _REASON.match(text, word.end()):
        return word[1]
    return word[1] if word and not CONTENT.search(_SO.split(last)[-1]) else None


def _last_value(text: str, sentence: str, upwards: Upwards, kind: Kind) -> Value:
    """Returns the value of the last sentence that is about the answer, else that of an aside.

    The rules for a sentence, the first that applies: a remark is passed over; what it says outright of the
    answer counts (`_outright`); an aside is passed over; any other value is weighed against the sentences
    above it."""
    asides: list[AsideSentence] = []
    last = True
    while sentence:
        if is_remark(sentence):
            noted = value_of(sentence, kind) if is_note(sentence) else None
            asides += [AsideSentence(sentence, noted, "remark")] if noted else []
        else:
            sentence = without_rejected(sentence)
            decided, value = _outright(sentence, upwards, kind)
            if decided:
                return value
            value = value_of(sentence, kind, last)
            if value is OPEN:
                value = last_result(text, sentence) or value
            beside = _beside(text, sentence, value) if len(asides) < MOST_ASIDES else None
            if value and not beside:
                above = beside_or_above(asides, sentence, value, text)
                return above or likelier_value(sentence, value, upwards, text, kind)
            asides += [beside] if beside else []
        last = False
        sentence = next(upwards, ("", False))[0]
    return asides[0].value if asides else None


_ASKING_WORD = re.compile(r"\basked\b", re.IGNORECASE)


def _outright(sentence: str, upwards: Upwards, kind: Kind) -> tuple[bool, Value]:
    """Returns whether a sentence says outright which value is the answer, or that it has none yet, and that
    value: the one that is asked for, those that it doesn't reject, none of a plan, that of the clause about
    what is asked for."""
    if value := sought_value(sentence, kind):
        return True, value
    if rejects_value(sentence):
        return True, _without_rejected_value(sentence, upwards, kind)
    plan = is_plan(sentence)
    if plan and not _ASKING_WORD.search(sentence):
        return True, None
    if sought := sought_words(sentence):
        return True, value_about(sought, sentence, upwards, kind)
    return plan, None


def _without_rejected_value(sentence: str, upwards: Upwards, kind: Kind) -> Value:
    """Returns what the sentence above states, without the values that this one rejects."""
    above = next(upwards, ("", False))[0]
    if not above or is_remark(above) or is_plan(above) or rejects_value(above):
        return None
    value = value_of(above, kind)
    if not isinstance(value, str):
        return value
    kept = without_values_in(value, sentence)
    return kept if kept and (kept != value or concludes(above) or "=" in above) else None


def _beside(text: str, sentence: str, value: Value) -> AsideSentence | None:
    """Returns a sentence as an aside, where it is one whose value no calculation arrives at."""
    aside = aside_of(sentence)
    if aside is None or value is None:
        return None
    calculated = (
        isinstance(value, str) and not is_bracketed(sentence) and is_calculated(text, sentence, value)
    )
    return None if calculated else AsideSentence(sentence, value, aside)


def _repeats(text: str, sentence: str) -> bool:
    return len(sentence) > 8 and text.count(sentence) > LOOPS
