"""Times of day and dates: 17:30 is 5:30 PM, 4 July 1776 is July 4, 1776."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from numerate.answers.text.phrases import without_style

_CLOCK = re.compile(
    r"([01]?\d|2[0-4])(?::([0-5]\d)(?::([0-5]\d))?)? ?(am|pm|noon|midnight)?|(noon|midnight)", re.IGNORECASE
)
_MARKS = ("am", "pm", "noon", "ight")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_MONTH = {name[:length]: name for name in _MONTHS for length in (3, len(name))} | {"sept": "september"}
_ISO = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-([0-2]\d|3[01])")


class Clock(NamedTuple):
    hour: int
    minute: int
    second: int
    marked: bool
    """False for an hour that may be one of the morning or one of the evening"""
    timed: bool
    """True when the text can be nothing but a time: it has a mark, or seconds"""


def same_time(a: str, b: str) -> bool | None:
    """Checks whether two texts say the same time of day or the same duration, None where they aren't both
    times. AM and PM may be left out on one side."""
    if not (_maybe(a) and _maybe(b)):
        return _spans(a, b) if a[:1].isdigit() and b[:1].isdigit() else None
    first, second = read_clock(a), read_clock(b)
    if first is None or second is None or not (first.timed or second.timed):
        return None
    whole_day = first.marked and second.marked
    hours = (first.hour, second.hour) if whole_day else (first.hour % 12, second.hour % 12)
    same = hours[0] == hours[1] and (first.minute, first.second) == (second.minute, second.second)
    return same if same or first.marked or second.marked else None


_SPAN = re.compile(
    r"(?:(\d{1,6}(?:\.\d{1,6})?) ?(?:h|hrs?|hours?))?(?:,| and|, and)? ?"
    r"(?:(\d{1,6}(?:\.\d{1,6})?) ?(?:m|mins?|minutes?))?(?:,| and|, and)? ?"
    r"(?:(\d{1,6}(?:\.\d{1,6})?) ?(?:s|secs?|seconds?))?"
)


def _spans(a: str, b: str) -> bool | None:
    """Checks whether two durations are the same, None unless both are and one of them counts in several
    units."""
    if not (_may_last(a) and _may_last(b)):
        return None
    first, second = _span(a), _span(b)
    if first is None or second is None or first[1] == second[1] == 1:
        return None
    return first[0] == second[0]


def _may_last(normal: str) -> bool:
    return len(normal) < 60 and normal[:1].isdigit() and normal[-1:] in "hrnms}"


def _span(normal: str) -> tuple[Fraction, int] | None:
    """Returns (seconds, number of units) of `2 hours 30 minutes`."""
    match = _SPAN.fullmatch(without_style(normal))
    if match is None or not any(match.groups()):
        return None
    parts = [Fraction(n) * size for n, size in zip(match.groups(), (3600, 60, 1), strict=True) if n]
    return sum(parts, Fraction(0)), len(parts)


def same_instant(a: str, b: str) -> bool:
    """Checks whether two texts are times of day of which neither leaves out whether it is morning or
    evening."""
    first, second = (read_clock(x) if _maybe(x) else None for x in (a, b))
    return (
        first is not None
        and second is not None
        and first.marked
        and first == second._replace(timed=first.timed)
    )


def _maybe(normal: str) -> bool:
    return len(normal) < 40 and (":" in normal or normal.rstrip("}. ")[-4:].lower().endswith(_MARKS))


def read_clock(normal: str) -> Clock | None:
    """Returns the time of a text that is nothing else."""
    match = _CLOCK.fullmatch(without_style(normal))
    if match is None or not (match[2] or match[4] or match[5]):
        return None
    mark = (match[4] or match[5] or "").lower()
    hour = 12 if match[5] else int(match[1])
    timed = bool(mark or match[3])
    if mark and hour <= 12:
        hour = hour % 12 + 12 * (mark in ("pm", "noon"))
    return Clock(hour % 24, int(match[2] or 0), int(match[3] or 0), bool(mark) or not 1 <= hour <= 12, timed)


def read_date(normal: str, words: str | None) -> str | None:
    """Returns a date as month, day and year, None for anything else. words: as `normalize.plain_words` gives
    them."""
    if len(normal) == 10 and (iso := _ISO.fullmatch(normal)):
        return f"{_MONTHS[int(iso[2]) - 1]} {int(iso[3])} {iso[1]}"
    parts = words.replace(" of ", " ").split() if words and len(words) < 40 else []
    if len(parts) not in (2, 3) or not any(part in _MONTH for part in parts[:2]):
        return None
    month, day = sorted(parts[:2], key=lambda part: part not in _MONTH)
    if not (day.isdigit() and 1 <= int(day) <= 31) or not all(p.isdigit() and len(p) == 4 for p in parts[2:]):
        return None
    return " ".join([_MONTH[month], str(int(day)), *parts[2:]])
