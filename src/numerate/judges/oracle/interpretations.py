"""Interpretations of a written number or expression at a position of a solution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from numerate.judges.oracle.arithmetic import Item, Number, fold_postfix
from numerate.judges.oracle.finite_field import P, combine_residues, field_residue
from numerate.judges.oracle.story_facts import World

MAX_READINGS = 48
"""of one part of an expression"""

Source = Literal["text", "head", "pieces"]
"""where numbers may come from: text and results so far; any quantity of the story; pieces of the answer"""


class Readings:
    """One story and the results so far. Readings are identities (`numerate.judges.oracle.finite_field`)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known = dict(world.inputs)
        """residue of a value -> readings, of the numbers in the text and the results so far"""

    def learn(self, result: Number, meant: Iterable[int]) -> None:
        r = field_residue(result)
        self.known[r] = tuple(dict.fromkeys((*self.known.get(r, ()), *meant)))[:8]

    def belongs(self, x: Number) -> bool:
        """Checks whether x is a number of the story or a result so far."""
        r = field_residue(x)
        return r in self.world.readings or r in self.known

    def meant(self, program: Sequence[Item], positive: bool) -> list[int]:
        """Returns the readings of an expression that mean something; the plainest source that gives any
        decides."""
        world = self.world
        for source in ("text", "head", "pieces"):
            readings = self._of_program(program, source)
            meant = [i for i in readings if i in world.meanings]
            meant = meant or [i for i in readings if world.is_piece(i, positive)]
            if meant:
                return meant
        return []

    def undoes(self, program: Sequence[Item], meant: Sequence[int]) -> bool:
        """Checks whether an expression only leads back: from a result to what it was made of (72 - 24 =
        48)."""
        numbers = [field_residue(x) for x in program if not isinstance(x, str)]
        sources = self.world.sources
        below = [[sources.get(i, frozenset()) for i in self.known[r]] for r in numbers if r in self.known]
        made_of = frozenset[int]().union(*(frozenset.intersection(*each) for each in below))
        return bool(made_of) and all(i in made_of for i in meant)

    def _of_program(self, program: Sequence[Item], source: Source) -> tuple[int, ...]:
        def operand(item: Item) -> tuple[int, ...]:
            assert not isinstance(item, str)
            return self._of_number(item, source)

        try:
            return fold_postfix(program, operand, _pairs)
        except ZeroDivisionError:
            return ()

    def _of_number(self, x: Number, source: Source) -> tuple[int, ...]:
        """Returns the readings of a number. One of the text is a bare constant only where formulas have it,
        and is no computed piece: else almost every slip would have some far-fetched reading."""
        r = field_residue(x)
        known = self.known.get(r, ())
        identities = list(known)
        if not known or r in self.world.constants:
            identities.append(r)
        if source == "head":
            identities += self.world.readings.get(r, ())
        elif source == "pieces" and not known:
            identities += self.world.piece_readings.get(r, ())
        if not isinstance(x, int) and (x * 100).denominator == 1:
            identities += [
                combine_residues("/", i, field_residue(100))
                for i in self.known.get(field_residue(x * 100), ())
            ]
        return tuple(dict.fromkeys(identities))


def _pairs(sign: str, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    results: dict[int, None] = {}
    for a in left:
        for b in right:
            if len(results) < MAX_READINGS and (sign != "/" or b % P):
                results[combine_residues(sign, a, b)] = None
    return tuple(results)
