"""Reads a solution line by line against its story, and remembers what the lines before have established."""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.judges.oracle.arithmetic import Item, Number, apply_operator, fold_postfix
from numerate.judges.oracle.calculations import Calculation, LineCalculations, find_calculations
from numerate.judges.oracle.finite_field import field_residue
from numerate.judges.oracle.interpretations import Readings
from numerate.judges.oracle.story_facts import World
from numerate.types import Verdict

COMMON = frozenset([*range(13), 20, 24, 30, 50, 52, 60, 100, 365, 1000, Fraction(1, 2)])
"""numbers that a solution may bring along: halves, hundredths, hours, days. Another number that the story
neither gives nor leads to came from nowhere"""

OPEN = re.compile(r"\?|\b(?:if|suppose|let|assume|guess|maybe|perhaps|about|around|check|not)\b", re.I)
"""says that a line claims nothing"""
CLAIM = re.compile(
    r"[=:]|\b(?:is|are|was|were|has|have|had|left|total|gets?|got|costs?|paid|pays|makes?|made|earns?|earned|needs?"
    r"|sells?|sold|buys?|bought|saves?|saved|answer|altogether|remain(?:s|ing)?|remained|there)\b",
    re.I,
)
CONCLUDES = re.compile(r"\banswer\b|\bin (?:all|total)\b|\baltogether\b|\bleft\b", re.I)
FINAL = re.compile(r"\banswer\b", re.I)


class Ledger:
    """`line` gives the verdict on the next line; `clear` is False after numbers of unknown origin."""

    def __init__(self, world: World | None) -> None:
        self.readings = Readings(world) if world else None
        self.clear = world is not None

    def line(self, text: str) -> Verdict:
        line = find_calculations(text)
        if line.misquoted:
            return "wrong"
        if not line.calculations:
            return self._prose(text, line, self.readings) if self.readings else "unverifiable"
        verdicts: list[Verdict] = []
        for calculation in line.calculations:
            after_right = bool(verdicts) and verdicts[-1] == "right"
            verdicts.append(self._calculation(calculation, after_right))
        if "wrong" in verdicts:
            return "wrong"
        return self._clear("right") if "right" in verdicts else "unverifiable"

    def _clear(self, verdict: Verdict) -> Verdict:
        self.clear = True
        return verdict

    def _unclear(self) -> Verdict:
        self.clear = False
        return "unverifiable"

    # ---- calculations

    def _calculation(self, c: Calculation, after_right: bool) -> Verdict:
        try:
            left, right = (fold_postfix(p, _exact, apply_operator) for p in (c.left, c.right))
        except ZeroDivisionError:
            return "wrong"
        result = _result(left, right, c)
        if result is None:
            return self._unclear() if c.partial else "wrong"
        if self.readings is None:
            return "unverifiable"
        return self._true(c, result, after_right, self.readings)

    def _true(self, c: Calculation, result: Number, after_right: bool, readings: Readings) -> Verdict:
        """Returns the verdict on a calculation that is true."""
        program = c.right if len(c.left) == 1 else c.left
        meant = readings.meant(program, positive=result > 0)
        if meant:
            if readings.undoes(program, meant):
                return "unverifiable"
            readings.learn(result, meant)
            return "right"
        if c.linked and after_right:
            return "right"
        numbers = [x for x in program if not isinstance(x, str)]
        from_story = any(x not in COMMON or readings.belongs(x) for x in numbers)
        return "wrong" if from_story else self._unclear()

    # ---- prose

    def _prose(self, text: str, line: LineCalculations, readings: Readings) -> Verdict:
        """Returns the verdict on a line without a calculation, by the rules in `numerate.judges.oracle`."""
        numbers = [t.value for t in line.tokens if t.kind == "number" and t.note != "spelled"]
        stated = [x for x in numbers if not isinstance(x, str)]
        claims = CLAIM.search(text) is not None and OPEN.search(text) is None
        strange = [x for x in stated if not _placed(x, readings)]
        if strange:
            bold = CONCLUDES.search(text) is not None or any(x not in COMMON for x in strange)
            return "wrong" if claims and bold else self._unclear()
        if not stated or not claims:
            return "unverifiable"
        world = readings.world
        if FINAL.search(text):
            return self._clear("right") if field_residue(stated[-1]) == world.goal else "wrong"
        new = any(
            field_residue(x) not in world.inputs and field_residue(x) not in world.constants for x in stated
        )
        return self._clear("right") if new else "unverifiable"


def _placed(x: Number, readings: Readings) -> bool:
    """Checks whether x follows from the story: a quantity, a constant, a percentage, a piece of the
    answer."""
    if readings.belongs(x) or readings.belongs(x * 100) or field_residue(x) in readings.world.constants:
        return True
    return field_residue(x) in readings.world.piece_readings


def _exact(item: Item) -> Number:
    assert not isinstance(item, str)
    return item


def _result(left: Number, right: Number, c: Calculation) -> Number | None:
    """Returns the number that a true calculation establishes; None for a false one.

    `10/3 = 3.33` is true: a result with two or more decimals may be rounded to them. `2*3=6+4=10` is true:
    what stands right after the sign is compared where the whole side does not fit.
    """
    if left == right:
        return right
    for stated in (right, c.first):
        if stated is not None and _near(left, stated):
            return stated
    if c.percent and (_near(left * 100, right) or _near(left, right * 100)):
        return right
    return None


def _near(exact: Number, stated: Number) -> bool:
    return exact == stated or _rounded(exact, stated)


def _rounded(exact: Number, stated: Number) -> bool:
    places = next((d for d in range(2, 7) if (stated * 10**d).denominator == 1), None)
    if isinstance(stated, int) or places is None or (stated * 10).denominator == 1:
        return False
    return abs(exact - stated) * 2 * 10**places <= 1
