"""Finds the calculations in a line: `48/2=<<48/2=24>>24`, `2 boxes * 6 apples = 12`, `half of 48 is 24`.

An equation is an equals sign with the longest expression on either side of it that the words allow: between
a number and the next sign up to four words are taken for its unit, between a sign and the next number one.
Where another reading is likely, a calculation is marked as partial: it counts if it is true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from numerate.judges.oracle.arithmetic import Item, Number, parse_number, to_postfix
from numerate.judges.oracle.line_lexer import DECIMAL, JOINS, MAX_CHARACTERS, LineToken, line_tokens

INEXACT = re.compile(r"remain|left ?over|\bround|whole|about|approx|nearest|≈", re.I)
"""in a line with one of these, what looks false may be meant so"""
STARTS = ("number", "open")
UNIT_WORDS = 4
LEADING_WORDS = 1
MAX_CALCULATIONS = 24

ANNOTATION = re.compile(rf"<<([^<>\n]{{1,200}})>>(?: ?[$€£]? ?({DECIMAL}))?")


@dataclass(frozen=True, slots=True)
class Calculation:
    """left = right, each a postfix program."""

    left: tuple[Item, ...]
    right: tuple[Item, ...]
    first: Number | None
    """the number right after the sign: in `2*3=6+4=10` it is what the left side is said to be"""
    linked: bool = False
    """its left side is the right side of the calculation before"""
    partial: bool = False
    """something in it may be read in another way (`x + 24*2 = 50`): if it is false, that says nothing"""
    percent: bool = False
    """it holds a percentage: hundredths and hundreds may stand for each other (`4/10*100 = 40%`)"""


class _Side(NamedTuple):
    """The longest expression on one side of a sign, and the tokens [start, end) it was read from."""

    items: Sequence[Item]
    start: int
    end: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class LineCalculations:
    calculations: tuple[Calculation, ...]
    tokens: tuple[LineToken, ...]
    """of the line without annotations"""
    misquoted: bool
    """an annotation gives one result and the text right after it another"""


def find_calculations(line: str) -> LineCalculations:
    """Returns the calculations of one line in order: those of annotations first. Never raises."""
    line = line[:MAX_CHARACTERS]
    calculations: list[Calculation] = []
    misquoted = False
    for match in ANNOTATION.finditer(line):
        inside = find_equations(line_tokens(match[1]), noted=True)
        calculations += inside
        restated = parse_number(match[2]) if match[2] else None
        result = inside[-1].right if inside else ()
        misquoted |= len(result) == 1 and restated is not None and restated != result[0]
    plain = line_tokens(ANNOTATION.sub(lambda m: m[2] or "", line) if "<<" in line else line)
    inexact = INEXACT.search(line) is not None
    noted = {(c.left, c.right) for c in calculations}
    for c in find_equations(plain):
        if (c.left, c.right) not in noted:
            calculations.append(replace(c, partial=True) if inexact else c)
    return LineCalculations(tuple(calculations[:MAX_CALCULATIONS]), tuple(plain), misquoted)


def find_equations(line: Sequence[LineToken], noted: bool = False) -> list[Calculation]:
    """Returns the equations of a line. noted: it is an annotation, which has no words and is unambiguous."""
    equations: list[Calculation] = []
    before = (0, -1)
    for at, token in enumerate(line):
        if token.kind not in ("equals", "is") or _kind(line, at + 1) in ("equals", "is"):
            continue
        left, right = _leftward(line, at), _rightward(line, at + 1)
        linked = before[0] < left.start <= before[1]
        before = (at, right.end)
        partial = left.partial or right.partial or not (noted or _plain(line, left, right, at))
        percent = any(t.note == "percent" for t in line[left.start : right.end])
        calculation = _calculation(left.items, right.items, token.kind == "equals")
        if calculation is not None:
            equations.append(replace(calculation, linked=linked, partial=partial, percent=percent))
        if len(equations) >= MAX_CALCULATIONS:
            break
    return equations


def _calculation(left: Sequence[Item], right: Sequence[Item], either: bool) -> Calculation | None:
    """Returns the calculation; None unless the left side calculates something, or, with `either`, one of the
    two."""
    try:
        programs = to_postfix(left), to_postfix(right)
    except ValueError:
        return None
    if not any(x in ("+", "-", "*", "/", "~") for program in programs[: 1 + either] for x in program):
        return None
    return Calculation(*programs, None if isinstance(right[0], str) else right[0])


def _plain(line: Sequence[LineToken], left: _Side, right: _Side, sign: int) -> bool:
    """Checks whether two sides are what they seem. Often they are not in `a half price is 6`, `8 boxes =
    5*8`, `1/2 a cup = 4`, `weeks 1-2 = 5*2`, `3/3 - 2/3 = 1/3 of 150`."""
    if any(token.note == "of" for token in line[right.start : right.end]):
        return False
    worded = line[sign].kind == "is" or _kind(line, sign - 1) == "word"
    if len(left.items) == 1:
        return not worded
    if len(left.items) != 3:
        return True
    a, middle, b = left.items
    if isinstance(a, str) or isinstance(b, str) or a >= b:
        return True
    return not (middle == "/" and worded) and not (middle == "-" and _kind(line, left.start - 1) == "word")


def _kind(line: Sequence[LineToken], at: int) -> str:
    return line[at].kind if 0 <= at < len(line) else "break"


def _skip(line: Sequence[LineToken], at: int, by: int, most: int) -> int:
    """Returns the index of the next token that is no word, at most `most` words away; else `at`."""
    for index in range(at, at + by * (most + 1), by):
        if _kind(line, index) != "word":
            return index
    return at


def _leftward(line: Sequence[LineToken], end: int) -> _Side:
    items: list[Item] = []
    start, at = end, _equals_before(line, end - 1)
    if _kind(line, at) == "word" and "is" in (_kind(line, end), _kind(line, end - 1)):
        return _Side(items, end, end)
    while (taken := _operand_before(line, _skip(line, at, -1, UNIT_WORDS))) is not None:
        operand, start = taken
        items = operand + items
        sign = _skip(line, start - 1, -1, LEADING_WORDS)
        if _kind(line, sign) == "op":
            first = sign - 1 if _negative(line, sign) else sign
            items = [t.value for t in line[first : sign + 1]] + items
            start, at = first, first - 1
        elif operand[0] == "(" and _kind(line, start - 1) in ("number", "close"):
            items.insert(0, "*")
            at = start - 1
        else:
            return _Side(items, start, end)
    if items[:1] == ["-"] and _starts(line, start):
        return _Side(items, start, end)
    return _Side(items[1:], start + 1, end, partial=bool(items))


def _starts(line: Sequence[LineToken], at: int) -> bool:
    """Checks whether an expression can begin at `at`: after punctuation or at the start of the line."""
    if at == 0:
        return True
    before = line[at - 1]
    return before.kind in ("equals", "is", "open") or (
        before.kind == "break" and not str(before.value).isalpha()
    )


def _negative(line: Sequence[LineToken], at: int) -> bool:
    """Checks whether the minus at `at` belongs to its number: `14 + -8`."""
    return line[at].value == "-" and _kind(line, at - 1) == "op"


def _equals_before(line: Sequence[LineToken], at: int) -> int:
    """Skips the first of two signs with the same meaning: "is equal to"."""
    return at - 1 if _kind(line, at) == "is" else at


def _rightward(line: Sequence[LineToken], start: int) -> _Side:
    items: list[Item] = []
    end, at = start, _skip(line, start, 1, UNIT_WORDS)
    if line[at : at + 1] == [LineToken("op", "-")]:
        items.append("-")
        at += 1
    while (taken := _operand_after(line, _skip(line, at, 1, LEADING_WORDS))) is not None:
        operand, end = taken
        items += operand
        sign = _skip(line, end, 1, UNIT_WORDS)
        if _kind(line, sign) != "op":
            return _Side(items, start, end, partial=_joined(line, end))
        items.append(line[sign].value)
        at = sign + 1
    return _Side(items[:-1], start, end, partial=bool(items))


def _joined(line: Sequence[LineToken], end: int) -> bool:
    """Checks whether an unknown or a further part of a number follows: `(5/4)x`, `16 and (2/3)`, `3 000`."""
    kind, value = _kind(line, end), line[end].value if end < len(line) else ""
    if kind == "break" and str(value).isalpha():
        return value not in JOINS or (value == "and" and _kind(line, end + 1) in STARTS)
    return kind == "number"


def _operand_before(line: Sequence[LineToken], at: int) -> tuple[list[Item], int] | None:
    """Returns the number or bracket that ends at `at`, and where it starts."""
    if _kind(line, at) == "number":
        return [line[at].value], at
    if _kind(line, at) != "close":
        return None
    depth = 0
    for index in range(at, -1, -1):
        depth += (line[index].kind == "close") - (line[index].kind == "open")
        if depth == 0:
            return _bracket(line[index : at + 1], index)
    return None


def _operand_after(line: Sequence[LineToken], at: int) -> tuple[list[Item], int] | None:
    """Returns the number or bracket that starts at `at`, and the index after it."""
    if _kind(line, at) == "number":
        return [line[at].value], at + 1
    if _kind(line, at) != "open":
        return None
    depth = 0
    for index in range(at, len(line)):
        depth += (line[index].kind == "open") - (line[index].kind == "close")
        if depth == 0:
            return _bracket(line[at : index + 1], index + 1)
    return None


def _bracket(inside: Sequence[LineToken], position: int) -> tuple[list[Item], int] | None:
    signs = {"open": "(", "close": ")"}
    kinds = {token.kind for token in inside}
    if not kinds <= {"open", "close", "number", "op", "word"}:
        return None
    return [signs.get(token.kind, token.value) for token in inside if token.kind != "word"], position
