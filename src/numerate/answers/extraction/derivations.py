"""Numbers of a text that follow from others by a single operation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

NUMBER = r"\d[\d,]*(?:\.\d+)?"
"""a number of a calculation, for patterns"""
_NUMBER = re.compile(
    r"(?<![A-Za-z_0-9])"
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,]*,\d)|(?P<comma>\d+,\d{1,2}(?![\d,.]))|\d+(?:\.\d+)?)"
)
"""a number in digits, whose comma parts thousands or decimals; the 2 of `x2` is none"""
_FRACTION = re.compile(r"(\d{1,9})/(\d{1,9})")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_VALUES = {word: Fraction(n) for n, word in enumerate(_WORDS, start=1)} | {
    "twice": Fraction(2), "double": Fraction(2), "half": Fraction(1, 2), "dozen": Fraction(12),
}  # fmt: skip
_SMALL = re.compile(rf"\b(?:{'|'.join(_VALUES)})\b", re.IGNORECASE)
MOST_NUMBERS = 40
"""numbers of a text that are looked at, from its end"""
LONGEST = 16
"""characters of a number"""


def numbers_of(text: str) -> list[Fraction]:
    """Returns the numbers of a text in digits; of a text that is a fraction, its value."""
    if (fraction := _FRACTION.fullmatch(text.strip())) and int(fraction[2]):
        return [Fraction(int(fraction[1]), int(fraction[2]))]
    matches = list(_NUMBER.finditer(text))[-MOST_NUMBERS:]
    return [_value(match) for match in matches if len(match.group()) < LONGEST]


def _value(match: re.Match[str]) -> Fraction:
    digits = match.group()
    return Fraction(digits.replace(",", "." if match["comma"] else ""))


def small_words(text: str) -> list[Fraction]:
    """Returns the numbers in words of a text, up to a dozen."""
    return [_VALUES[word.lower()] for word in _SMALL.findall(text)[-MOST_NUMBERS:]]


def comes_from(value: Fraction, stated: Fraction, others: Iterable[Fraction]) -> bool:
    """Checks whether one operation makes the value of `stated` and another number."""
    return any(
        value in (stated + n, stated - n, n - stated, stated * n)
        or value * 100 == stated * n
        or (n != 0 and value * n == stated)
        or (stated != 0 and value * stated == n)
        for n in others
    )


def is_sum_of_parts(sentence: str, whole: Fraction) -> bool:
    """Checks whether the numbers of the sentence, two or more, make the whole."""
    parts = numbers_of(sentence)
    return len(parts) > 1 and (sum(parts) == whole or (whole in parts and sum(parts) == 2 * whole))
