"""Reads a solution line by line against its story, and remembers what the lines before have established."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from numerate.judges.arithmetic import Item, Number, calculate, fold
from numerate.judges.calculations import Calculation, Line, find
from numerate.judges.field import P, combine, residue
from numerate.judges.world import World
from numerate.types import Verdict

MAX_READINGS = 48
"""of one part of an expression"""

COMMON = frozenset([*range(13), 20, 24, 30, 50, 52, 60, 100, 365, 1000, Fraction(1, 2)])
"""numbers that a solution may bring along: halves, hundredths, hours, days. Another number that the story
neither
gives nor leads to came from nowhere"""

OPEN = re.compile(r"\?|\b(?:if|suppose|let|assume|guess|maybe|perhaps|about|around|check|not)\b", re.I)
"""says that a line claims nothing"""
CLAIM = re.compile(
    r"[=:]|\b(?:is|are|was|were|has|have|had|left|total|gets?|got|costs?|paid|pays|makes?|made|earns?|earned|needs?"
    r"|sells?|sold|buys?|bought|saves?|saved|answer|altogether|remain(?:s|ing)?|remained|there)\b",
    re.I,
)
CONCLUDES = re.compile(r"\banswer\b|\bin (?:all|total)\b|\baltogether\b|\bleft\b", re.I)
FINAL = re.compile(r"\banswer\b", re.I)

Reading = tuple[Number, tuple[int, ...]]
"""the number itself, and the identities of the formulas that it may stand for"""


class Ledger:
    """`line` gives the verdict on the next line; `clear` is False after numbers that nobody can place."""

    def __init__(self, world: World | None) -> None:
        self.world = world
        self.clear = world is not None
        self.derived: dict[int, tuple[int, ...]] = {}

    def line(self, text: str) -> Verdict:
        line = find(text)
        if line.misquoted:
            return "wrong"
        if not line.calculations:
            return self._prose(text, line)
        verdicts: list[Verdict] = []
        for calculation in line.calculations:
            after_right = bool(verdicts) and verdicts[-1] == "right"
            verdicts.append(self._calculation(calculation, after_right))
        if "wrong" in verdicts:
            return "wrong"
        if "right" in verdicts:
            self.clear = True
            return "right"
        self.clear = False
        return "unverifiable"

    # ---- calculations

    def _calculation(self, c: Calculation, after_right: bool) -> Verdict:
        try:
            left, right = (fold(p, _exact, calculate) for p in (c.left, c.right))
        except ZeroDivisionError:
            return "wrong"
        result = _result(left, right, c)
        if result is None:
            return "unverifiable" if c.partial else "wrong"
        if self.world is None:
            return "unverifiable"
        whole = result == right and len(c.right) > 1
        found = [i for p in (c.left, c.right)[: 1 + whole] for i in self._means(p, left > 0)]
        if found:
            key = residue(result)
            self.derived[key] = tuple(dict.fromkeys((*self.derived.get(key, ()), *found)))[:8]
            return "right"
        if c.linked and after_right:
            return "right"
        return "wrong" if self._about_story(c.left) or self._about_story(c.right[:1]) else "unverifiable"

    def _means(self, program: Sequence[Item], positive: bool) -> Iterator[int]:
        """The identities that an expression may have and that mean something here."""
        assert self.world is not None
        for with_pieces in (False, True):
            meant = [i for i in self._identities(program, with_pieces) if self.world.means(i, positive)]
            if meant:
                yield from meant
                return

    def _identities(self, program: Sequence[Item], with_pieces: bool) -> tuple[int, ...]:
        def operand(item: Item) -> tuple[int, ...]:
            assert not isinstance(item, str)
            return self._readings(item, with_pieces)

        try:
            return fold(program, operand, _pairs)
        except ZeroDivisionError:
            return ()

    def _readings(self, x: Number, with_pieces: bool = False) -> tuple[int, ...]:
        """What a written number may stand for: quantities of the story, results so far, itself."""
        assert self.world is not None
        r = residue(x)
        found = [*self.derived.get(r, ()), *self.world.readings.get(r, ()), r]
        if with_pieces:
            found += self.world.piece_readings.get(r, ())
        if not isinstance(x, int) and (x * 100).denominator == 1:
            hundred = residue(100)
            found += [combine("/", i, hundred) for i in self.world.readings.get(residue(x * 100), ())]
        return tuple(dict.fromkeys(found))

    def _about_story(self, program: Sequence[Item]) -> bool:
        """Whether an expression uses a quantity of the story, or a number from nowhere."""
        numbers = [x for x in program if not isinstance(x, str)]
        return any(x not in COMMON or self._known(x) for x in numbers)

    def _known(self, x: Number) -> bool:
        assert self.world is not None
        r = residue(x)
        return r in self.world.readings or r in self.derived

    # ---- prose

    def _prose(self, text: str, line: Line) -> Verdict:
        """A line that calculates nothing. See the rules in `Oracle`."""
        numbers = [t.value for t in line.tokens if t.kind == "number" and t.note != "spelled"]
        stated = [x for x in numbers if not isinstance(x, str)]
        if not stated or self.world is None:
            return "unverifiable"
        claims = CLAIM.search(text) is not None and OPEN.search(text) is None
        strange = [x for x in stated if not self._placed(x)]
        if strange:
            self.clear = False
            concludes = CONCLUDES.search(text) is not None
            return (
                "wrong" if claims and any(concludes or x not in COMMON for x in strange) else "unverifiable"
            )
        if claims and FINAL.search(text):
            return self._clear("right" if residue(stated[-1]) == self.world.goal else "wrong")
        new = any(self._result_of_story(x) for x in stated)
        return self._clear("right") if claims and new else "unverifiable"

    def _clear(self, verdict: Verdict) -> Verdict:
        self.clear = True
        return verdict

    def _placed(self, x: Number) -> bool:
        assert self.world is not None
        if self._known(x) or residue(x) in self.world.constants or self._known(x * 100):
            return True
        return residue(x) in self.world.piece_readings

    def _result_of_story(self, x: Number) -> bool:
        """Whether x is a number that has to be worked out: of the story, and not given in its text."""
        assert self.world is not None
        r = residue(x)
        return r not in self.world.given and r not in self.world.constants


def _exact(item: Item) -> Number:
    assert not isinstance(item, str)
    return item


def _pairs(sign: str, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for a in left:
        for b in right:
            if len(found) < MAX_READINGS and (sign != "/" or b % P):
                found[combine(sign, a, b)] = None
    return tuple(found)


def _result(left: Number, right: Number, c: Calculation) -> Number | None:
    """The number that a true calculation establishes; None for a false one.

    `10/3 = 3.33` is true: a result with two or more decimals may be rounded to them. `2*3=6+4=10` is true:
    what stands right after the sign is compared where the whole side does not fit.
    """
    if left == right:
        return right
    for stated in (right, c.first):
        if stated is not None and (stated == left or _rounded(left, stated)):
            return stated
    return None


def _rounded(exact: Number, stated: Number) -> bool:
    places = next((d for d in range(2, 7) if (stated * 10**d).denominator == 1), None)
    if isinstance(stated, int) or places is None or (stated * 10).denominator == 1:
        return False
    return abs(exact - stated) * 2 * 10**places <= 1
