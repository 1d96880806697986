"""Choice among the last sentences of the one that states the answer, where the last one neither concludes
nor calculates.

`So they have 27 marbles. 12 are red, 15 are blue.`: 27, for 12 and 15 are its parts. `So 5 boxes are left.
She sells them for $60.`: $60 where 60 comes from 5 and a number beside it, else nothing, for the text leaves
open which one it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from numerate.answers.extraction.asides import Aside, concludes, is_check
from numerate.answers.extraction.clauses import DIGIT
from numerate.answers.extraction.derivations import (
    NUMBER,
    comes_from,
    is_sum_of_parts,
    numbers_of,
    small_words,
)
from numerate.answers.extraction.sentence_values import CORRECTS, OPEN, Doubt, Value, value_of
from numerate.answers.extraction.sought import attached_clause, clause_about, sought_words
from numerate.types import Kind

Upwards = Iterator[tuple[str, bool]]
"""sentences before one, the nearest first"""
MOST_ABOVE = 2
"""sentences before the last one that may state the answer in its place"""
_REMAINS = re.compile(
    r"\b(?:left|remain\w*|quedan?|rest[ea]n?t?|übrig|rimangono|sobram|restam|осталось|остаётся)\b|剩|残り|남",
    re.IGNORECASE,
)


class AsideSentence(NamedTuple):
    """An aside that stands behind the sentence that may state the answer."""

    sentence: str
    value: str | Doubt
    aside: Aside


def beside_or_above(asides: list[AsideSentence], sentence: str, value: Value, text: str) -> Value:
    """Returns the value of the last aside where it goes on from the sentence above, OPEN where nothing says
    which of both states the answer; None where the sentence above does."""
    weak = next((beside for beside in asides if beside.aside != "remark"), None)
    if weak is None or not isinstance(value, str):
        return None
    before = text[: text.rfind(weak.sentence)].rstrip()
    goes_on = weak.aside == "next" and not before.endswith(";")
    if _states_result(text, sentence, value):
        return OPEN if goes_on and _continued(weak, sentence, sentence) else None
    return (_continued(weak, sentence, before) if goes_on else None) or OPEN


def _continued(aside: AsideSentence, above: str, before: str) -> str | None:
    """Returns the value of an aside that an operation makes of a number in the sentence above and another one
    before it or beside it."""
    numbers, around = (
        numbers_of(aside.sentence),
        numbers_of(before) + small_words(f"{above} {aside.sentence}"),
    )
    own = numbers_of(aside.value) if isinstance(aside.value, str) else numbers[-1:]
    if len(own) != 1:
        return None
    others = [n for n in numbers + around if n != own[0]]
    if not any(comes_from(own[0], n, others) for n in numbers_of(above)):
        return None
    return aside.value if isinstance(aside.value, str) else str(own[0])


def _states_result(text: str, sentence: str, value: str) -> bool:
    return (
        _marks_result(sentence) or is_calculated(text, sentence, value) or is_calculated(sentence, "", value)
    )


def likelier_value(sentence: str, value: Value, upwards: Upwards, text: str, kind: Kind) -> Value:
    """Returns the value of the last sentence, that of a sentence before it which states the answer, or OPEN
    where two are as likely."""
    if is_check(sentence):
        above = next(upwards, ("", False))[0]
        return (value_of(above, kind) if concludes(above) else None) or value
    if not isinstance(value, str):
        return _whole_above(sentence, upwards, kind)
    own = numbers_of(value)
    if len(own) != 1 or _marks_result(sentence) or CORRECTS.search(sentence):
        return value
    for above, _ in islice(upwards, MOST_ABOVE):
        if stated := sought_value(above, kind):
            return stated
        if not concludes(above) and DIGIT.search(above):
            return value
        if stated := value_of(above, kind):
            return _likelier(sentence, value, above, stated, text)
    return value


_OF_THEM = re.compile(r"\bof (?:them|these|those)\b", re.IGNORECASE)
_CALCULATES = re.compile(r"\d[^\d=]*=|=[^=]*=")


def _marks_result(sentence: str) -> bool:
    return concludes(sentence) or "**" in sentence or _CALCULATES.search(sentence) is not None


def _whole_above(sentence: str, upwards: Upwards, kind: Kind) -> Value:
    """Returns the value of a sentence with several by the one before it: that of the clause about what it
    asks for, or the whole of which it states that these are the parts."""
    above = next(upwards, ("", False))[0]
    if (sought := sought_words(above)) and (clause := clause_about([sentence], sought)):
        return value_of(clause.strip(), kind)
    stated = value_of(above, kind) if concludes(above) else None
    whole = numbers_of(stated) if isinstance(stated, str) else []
    return stated if len(whole) == 1 and is_sum_of_parts(sentence, whole[0]) else OPEN


def _likelier(sentence: str, value: str, above: str, stated: Value, text: str) -> Value:
    """Returns the value of a sentence or of the conclusion before it, OPEN where nothing decides."""
    if not isinstance(stated, str) or ("=" in sentence and "=" in above):
        return value
    (own,), whole = numbers_of(value), numbers_of(stated)
    before = numbers_of(above)
    if not concludes(above) or len(whole) != 1 or abs(own - whole[0]) < 1:
        return value
    if own in before:
        return stated if _OF_THEM.search(sentence) else value
    if is_sum_of_parts(sentence, whole[0]):
        return stated
    if _REMAINS.search(sentence):
        return value
    others = [n for n in before + numbers_of(sentence) if n != own] + small_words(f"{above} {sentence}")
    if any(comes_from(own, n, others) for n in before):
        return value
    return stated if own in numbers_of(text[: text.find(sentence)]) else OPEN


def sought_value(sentence: str, kind: Kind) -> Value:
    """Returns the value of which a sentence says that it is asked for."""
    part = attached_clause(sentence)
    return value_of(part, kind) if part else None


def value_about(sought: frozenset[str], sentence: str, upwards: Upwards, kind: Kind) -> Value:
    """Returns the value of the one clause, in a sentence or before it, that has the words for what is asked
    for."""
    clause = clause_about([sentence, *(above for above, _ in islice(upwards, MOST_ABOVE))], sought)
    return value_of(clause.strip(), kind) if clause else None


_RESULT = re.compile(rf"= ?\$?({NUMBER})(?![\d.,]*\d| ?[-+*/×÷=])")


def last_result(text: str, sentence: str) -> str | None:
    """Returns the result of the last calculation before a sentence, where that is one of its numbers."""
    results = _RESULT.findall(text[: text.rfind(sentence)])
    result = numbers_of(results[-1]) if results else []
    return results[-1] if result and result[0] in numbers_of(sentence) else None


def is_calculated(text: str, sentence: str, value: str) -> bool:
    """Checks whether a calculation before the sentence, or its own numbers, arrive at the value."""
    before = text[: text.rfind(sentence)] if sentence else text
    if _is_result(before, value.strip("$")):
        return True
    own = numbers_of(value)
    others = [n for n in numbers_of((sentence or text).replace(value, "", 1)) if n not in own]
    pairs = ((n, others[:k] + others[k + 1 :]) for k, n in enumerate(others))
    return len(own) == 1 and any(comes_from(own[0], n, rest) for n, rest in pairs)


_ENDS_NUMBER = re.compile(r"(?![\d.,]*\d)")


def _is_result(text: str, value: str) -> bool:
    """Checks whether the value stands behind an equals sign, without a pattern of its own, which costs
    more."""
    at = text.find(value) if value else -1
    while at >= 0:
        opening = text[max(at - 3, 0) : at].rstrip("$").removesuffix(" ")
        if opening.endswith("=") and _ENDS_NUMBER.match(text, at + len(value)):
            return True
        at = text.find(value, at + 1)
    return False


# -- lists of parts ----------------------------------------------------------------------
_ITEM = re.compile(r"[ \t]*(?:[-*•–]|\(?\d{1,2}[.)]|\|)[ \t]+(?P<rest>.*\S.*)")
_LABEL = re.compile(
    r"\W*(?:(?:cost |step-by-step )?breakdown|details|here(?:'s| is) (?:the|a) breakdown"
    r"|in detail|by parts)\W*",
    re.IGNORECASE,
)
"""a line above the parts"""
_WHOLE = re.compile(
    r"\b(?:total|sum|altogether|answer|result|all|overall|difference|left|remaining|combined)\b|\*\*",
    re.IGNORECASE,
)
MOST_ITEMS = 12


def head_of_parts(text: str) -> str | None:
    """Returns the text above a list of numbers that ends it, where it states their sum or difference: `27
    marbles:`, `- 12 red`, `- 15 blue`; "" for a table of several numbers without a total, None for any other
    text."""
    lines = [line for line in text[-MOST_OF_PARTS:].rstrip().splitlines()[-MOST_ITEMS - 3 :] if line.strip()]
    items = _items_at_end(lines)
    if len(items) < 2:
        return None
    if items[0].endswith("|"):
        several = sum(bool(numbers_of(item)) for item in items) > 1
        return "" if several and not _WHOLE.search(items[0]) and "=" not in items[0] else None
    if not lines or _WHOLE.search(items[0]):
        return None
    parts = [numbers_of(item.rpartition("=")[2].rpartition(":")[2]) or numbers_of(item) for item in items]
    if any(len(own) != 1 for own in parts) or not _are_parts(
        [own[0] for own in parts], numbers_of(lines[-1])
    ):
        return None
    return text[: text.rindex(lines[-1]) + len(lines[-1])]


MOST_OF_PARTS = 2_000
"""characters at the end of a text in which the list stands"""


def _items_at_end(lines: list[str]) -> list[str]:
    """Removes the items of a list from the end of the lines, and returns them, the last first. Below a label
    any line is an item."""
    label = next((at for at, line in enumerate(lines) if _LABEL.fullmatch(line)), None)
    items: list[str] = []
    while lines and (item := _ITEM.fullmatch(lines[-1])):
        items.append(item["rest"])
        lines.pop()
    if label is not None:
        items += lines[:label:-1]
        del lines[label:]
    return items


def _are_parts(parts: list[Fraction], wholes: list[Fraction]) -> bool:
    """Checks whether one of the numbers above is the sum of the parts or their difference."""
    total, largest = sum(parts), max(parts)
    return total in wholes or 2 * largest - total in wholes
