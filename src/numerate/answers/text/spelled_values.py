"""Values in English words: `one hundred twenty`, `two point five`, `three dozen`, `half a million`."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple

from numerate.answers.text.vocabulary import MULTIPLIERS, split_names

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = {word: n for n, word in enumerate(_SMALL)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "halve": 2,
}  # fmt: skip
_SMALLER_PARTS = PARTS | {
    "eleventh": 11, "twelfth": 12, "fifteenth": 15, "sixteenth": 16, "twentieth": 20, "thirtieth": 30,
    "fiftieth": 50, "hundredth": 100, "thousandth": 1_000, "millionth": 1_000_000,
}  # fmt: skip
_SCALES = {**MULTIPLIERS, "dozen": 12, "lakh": 100_000, "crore": 10_000_000}
_NOT_UNDERSTOOD = frozenset(VALUES) | split_names(
    "point over out to times plus minus or in of by than squared cubed factorial mod modulo divided score"
    " first second hundred thousand million billion trillion dozen dozens half halves and"
)
"""words behind a value that make another one of it"""
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+")
_NUMERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")
LARGEST_FACTORIAL = 20


class Spelled(NamedTuple):
    value: str
    rest: list[str]
    """what is counted"""
    end: int
    """words that say the value"""


def spelled_value(text: str) -> Spelled | None:
    """Returns the value that a text begins with and what it counts; None where a word of it is not
    understood."""
    tokens = _TOKEN.findall(text.lower())
    reading = _value(tokens)
    if reading is None:
        return None
    value, at = reading
    rest = tokens[at + 1 :] if tokens[at : at + 1] == ["of"] and at > 1 else tokens[at:]
    return Spelled(value, rest, at) if _is_understood(rest) else None


def _is_understood(rest: list[str]) -> bool:
    """Checks whether no word behind a value makes another value of it. A word may count something else
    beside it: `cat and two dogs`."""
    counted, *others = (clause.split() for clause in " ".join(rest).split(" and "))
    if any(len(other) < 2 or other[0] not in VALUES for other in others):
        return False
    words = [*counted, *(word for other in others for word in other[1:])]
    return _NOT_UNDERSTOOD.isdisjoint(words) and not any(map(_NUMERAL.match, words))


def whole_number(tokens: list[str]) -> tuple[int | None, int]:
    """Returns (value, how many words say it) of the number words that come first; None where there are
    none."""
    total, group, at, least = 0, 0, 0, math.inf
    while at < len(tokens):
        word = tokens[at]
        if word in VALUES and _may_follow(group, VALUES[word]) and not (word == "zero" and at):
            group += VALUES[word]
        elif word == "hundred" and 0 < group < 100:
            group *= 100
        elif word in MULTIPLIERS and word != "hundred" and group > 0 and MULTIPLIERS[word] < least:
            total, group, least = total + group * MULTIPLIERS[word], 0, MULTIPLIERS[word]
        elif not (word == "and" and _joins(tokens, at, total, group)):
            break
        at += 1
    return (total + group, at) if at else (None, 0)


def _may_follow(group: int, value: int) -> bool:
    """Checks whether the value may follow: `twenty` behind `hundred`, `one` behind `twenty`."""
    below = group % 100
    return below == 0 or (below >= 20 and below % 10 == 0 and 0 < value < 10)


def _joins(tokens: list[str], at: int, total: int, group: int) -> bool:
    behind_scale = at > 0 and tokens[at - 1] in MULTIPLIERS
    return behind_scale and bool(total or group) and at + 1 < len(tokens) and tokens[at + 1] in VALUES


def _value(tokens: list[str]) -> tuple[str, int] | None:
    """Returns (value, index behind it)."""
    if tokens[:1] in (["minus"], ["negative"]):
        inner = _value(tokens[1:]) if tokens[1:2] not in (["minus"], ["negative"]) else None
        return (f"-{inner[0]}", inner[1] + 1) if inner else None
    if part := _part_of_scale(tokens):
        return part
    number, at = _number(tokens)
    return None if number is None else _changed(tokens, number, at)


def _part_of_scale(tokens: list[str]) -> tuple[str, int] | None:
    """Reads `half a million`, `a quarter of a million`, `half a dozen`."""
    start = 1 if tokens[:1] in (["a"], ["one"]) else 0
    if len(tokens) < start + 3 or tokens[start] not in ("half", "quarter", "third"):
        return None
    at = start + 1 + (tokens[start + 1] == "of")
    if tokens[at : at + 1] != ["a"] or tokens[at + 1 : at + 2] == [] or tokens[at + 1] not in _SCALES:
        return None
    return str(Fraction(_SCALES[tokens[at + 1]], PARTS[tokens[start]])), at + 2


def _number(tokens: list[str]) -> tuple[Fraction | None, int]:
    """Returns the number at the start, in digits or in words, and the index behind it."""
    if tokens and _NUMERAL.fullmatch(tokens[0]):
        return Fraction(tokens[0].replace(",", "")), 1
    article = 1 if tokens[:1] == ["a"] and tokens[1:2] and tokens[1] in _SCALES else 0
    if article and tokens[1] in MULTIPLIERS:
        value, at = whole_number(["one", *tokens[1:]])
        return (None if value is None else Fraction(value)), at
    if article:
        return Fraction(1), 1
    value, at = whole_number(tokens)
    return (None if value is None else Fraction(value)), at


def _changed(tokens: list[str], number: Fraction, at: int) -> tuple[str, int] | None:
    """Returns the value that the words behind a number make of it."""
    word = tokens[at] if at < len(tokens) else ""
    scale = _SCALES.get(word.removesuffix("s"))
    if word == "point":
        return _decimals(tokens, number, at + 1)
    if scale and word.removesuffix("s") not in MULTIPLIERS:
        return str(number * scale), at + 1
    if word in ("squared", "cubed"):
        return str(number ** (2 if word == "squared" else 3)), at + 1
    if word == "factorial" and number.denominator == 1 and 0 <= number <= LARGEST_FACTORIAL:
        return str(math.factorial(int(number))), at + 1
    if word == "over" or tokens[at : at + 2] == ["out", "of"]:
        start = at + (1 if word == "over" else 2)
        below, end = _number(tokens[start:])
        return (str(number / below), start + end) if below else None
    if part := _parts(tokens, number, at):
        return part
    return str(number), at


def _parts(tokens: list[str], number: Fraction, at: int) -> tuple[str, int] | None:
    """Reads `two thirds` and `five and a half`."""
    if tokens[at : at + 1] == ["and"]:
        count, end = (Fraction(1), 1) if tokens[at + 1 : at + 2] == ["a"] else _number(tokens[at + 1 :])
        behind = at + 1 + end
        size = _SMALLER_PARTS.get(tokens[behind].removesuffix("s")) if behind < len(tokens) else None
        return (str(number + count / size), behind + 1) if count and size else None
    word = tokens[at] if at < len(tokens) else ""
    size = _SMALLER_PARTS.get(word.removesuffix("s"))
    ordinal = not word.endswith("s") and number >= 20 and number % 10 == 0
    coins = word.startswith("quarter") and tokens[0] not in VALUES
    return (str(number / size), at + 1) if size and number and not ordinal and not coins else None


def _decimals(tokens: list[str], number: Fraction, at: int) -> tuple[str, int] | None:
    """Reads the digits behind `point`."""
    digits, end = "", at
    while end < len(tokens) and (digit := VALUES.get(tokens[end])) is not None and digit < 10:
        digits, end = digits + str(digit), end + 1
    if not digits:
        value, size = _number(tokens[at:])
        if value is None or value.denominator != 1 or value >= 100:
            return None
        digits, end = str(value), at + size
    value = f"{number}.{digits}" if number.denominator == 1 else None
    if value and end < len(tokens) and (scale := _SCALES.get(tokens[end])):
        return str(Fraction(value) * scale), end + 1
    return (value, end) if value else None
