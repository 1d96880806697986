"""Relations: a way to tell a fact, the calculations that follow from it, and the words for both.

Calculations name their operands by letters: p the quantity at hand, q a second one, n m k numbers that the
fact gives, x y z the results of this relation's earlier calculations, F a fraction in words ("a third of").
Templates are `str.format` strings. Those of `held` never occur in train.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numerate.problems.stories.numbers import Drawn, Size
from numerate.problems.stories.stream import Stream

Draw = Callable[[Stream, Size, Fraction, Fraction], "Drawn | None"]
TOKEN = re.compile(r"[a-zA-Z]|\d+|[-+*/()]")
Texts = tuple[str, ...]
SAY = ("{L} {past} {eq} {u}.", "so {L} {past} {eq} {u}.")


@dataclass(frozen=True, eq=False)
class Relation:
    name: str
    takes: str
    """kinds of quantity it starts from, blank-separated"""
    gives: str
    """kind of its result; "same" keeps the kind and the noun"""
    draw: Draw
    calc: tuple[str, ...]
    facts: tuple[str, ...]
    held: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    """per calculation, the wordings of its line of the solution"""
    asks: tuple[str, ...] = ()
    """questions "direct|indirect", without how they begin and end"""
    needs: tuple[str, ...] = ()
    """words that the scenario must have"""
    noun: str = ""
    """key of the scenario's word that is counted afterwards; "sort" and "sort2" put a word before the noun"""
    where: str = "event"
    """"event": told in order; "setup": may be told anywhere before"""
    weight: int = 4
    tokens: tuple[tuple[str, ...], ...] = field(init=False)
    cost: int = field(init=False)
    """how many calculations"""
    priced: bool = field(init=False)
    """its numbers are dollars"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(tuple(TOKEN.findall(text)) for text in self.calc))
        object.__setattr__(self, "cost", len(self.calc))
        object.__setattr__(self, "priced", bool(self.facts) and "{d" in self.facts[0])
        assert len(self.lines) == len(self.calc), self.name


def same_kind(
    name: str,
    draw: Draw,
    calc: Texts,
    facts: Texts,
    held: Texts,
    lines: tuple[Texts, ...] = (SAY,),
    **more: Any,
) -> Relation:
    """Returns a relation that starts from any quantity or none, and keeps kind and noun."""
    return Relation(name, "", "same", draw, calc, facts, held, lines, **more)
