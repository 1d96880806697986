"""A story under construction: its graph, its sentences, and how a relation is added to both."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numerate.problems.stories.graph import Graph, GraphNode, equation, evaluate, numeral
from numerate.problems.stories.numbers import WORDS, Drawn, Size
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.stream import Stream
from numerate.problems.stories.words import Noun, Person
from numerate.problems.stories.world import Scenario

NOBODY = Person("nobody", "nobody", "nobody", "nobody's")
LINES = "xyzw"
"""letters of the results of a relation's calculations"""
CONSTANTS = {str(n): Fraction(n) for n in range(2, 101)}
MONEY_KINDS = ("money", "profit", "cost", "liter")
"""Kinds of quantity whose calculations may come in cents"""

DYNAMIC = frozenset(
    [
        "give_away",
        "receive",
        "give_fraction",
        "give_percent",
        "pack",
        "spread",
        "take_boxes",
        "share",
        "sell",
        "spend",
        "spend_units",
        "spend_fraction",
        "donate_percent",
        "split_money",
        "buy_all",
        "share_goods",
        "save_part",
    ]
)
"""Relations that tell of something that happens next, so that "then" may come before them"""


class Stuck(Exception):
    """No way to go on from here: the caller draws another story."""


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    """without capital and full stop; #S #O #P stand for the owner as subject, object, possessive"""
    dynamic: bool = False
    """an event, which may begin with "then" """
    source: bool = False
    """about one of the compared quantities: may be joined with its neighbour"""


@dataclass
class Story:
    s: Stream
    size: Size
    scenario: Scenario
    held_words: bool
    held_templates: bool
    noun: Noun
    kind: str
    owner: Person = NOBODY
    graph: Graph = field(default_factory=Graph)
    setup: list[Sentence] = field(default_factory=list[Sentence])
    events: list[Sentence] = field(default_factory=list[Sentence])
    lines: list[str] = field(default_factory=list[str])
    words: dict[str, Any] = field(default_factory=dict[str, Any])
    relations: list[str] = field(default_factory=list[str])
    templates: list[str] = field(default_factory=list[str])
    asks: tuple[str, ...] = ()
    ask_slots: dict[str, Any] = field(default_factory=dict[str, Any])
    pool: GraphNode | None = None
    people: list[Person] = field(default_factory=list[Person])
    timed: bool = False
    """several days (weeks, games) are compared"""
    several: bool = False
    """several people have things of their own, and the story goes on with the last one's"""
    distractors: int = 0
    last_n: Fraction = Fraction(0)

    @property
    def traits(self) -> tuple[str, ...]:
        """Returns what a relation may need besides words: relatives, a single actor, no days compared."""
        he = self.owner.he
        family = ("family",) if he != self.owner.name else ()
        solo = ("solo",) if he != "they" else ()
        return family + solo + (() if self.timed else ("untimed",))

    @property
    def steps(self) -> int:
        return len(self.lines)

    def slots(self) -> dict[str, Any]:
        """Returns the words that any template may use."""
        noun = self.noun
        money = noun.money
        return self.words | {
            "S": "#S",
            "O": "#O",
            "P": "#P",
            "he": self.owner.he,
            "items": "money" if money else noun.many,
            "item": noun.singular,
            "u": noun.many,
            "much": "how much money" if money else f"how many {noun.many}",
            "muchmore": "how much more money" if money else f"how many more {noun.many}",
            "muchless": "how much less money" if money else f"how many fewer {noun.many}",
            "asmany": "as much as" if money else f"as many {noun.many} as",
            "number": "amount" if money else "number",
            "less": "less" if money else "fewer",
        }

    def add(
        self,
        relation: Relation,
        slots: dict[str, Any],
        operands: dict[str, GraphNode],
        *,
        calc: tuple[tuple[str, ...], ...] | None = None,
    ) -> GraphNode | None:
        """Draws the relation's numbers and, where they come out well, adds its fact and its lines.

        Returns the node of its result, or None (and changes nothing) where no numbers fit."""
        p = operands["p"].value if "p" in operands else Fraction(0)
        q = operands["q"].value if "q" in operands else self.last_n
        draws = relation.draw(self.s, self.size, p, q)
        if draws is None:
            return None
        values = {letter: node.value for letter, node in operands.items()} | draws.values
        calculations = self._calculate(relation, calc or relation.tokens, values, draws)
        if calculations is None:
            return None
        nodes = operands | {letter: self.graph.add(value) for letter, value in draws.values.items()}
        self.last_n = draws.values.get("n", self.last_n)
        self._number_slots(slots, draws)
        self._tell(relation, slots)
        result = nodes.get("n")
        for letter, (expression, value), wordings in zip(LINES, calculations, relation.lines, strict=False):
            result = self.graph.add(value, tuple(nodes.get(token, token) for token in expression))
            nodes[letter] = result
            slots["eq"] = equation(result)
            self.lines.append(self.s.pick(wordings).format_map(slots))
        self.relations.append(relation.name)
        return result

    def _calculate(
        self,
        relation: Relation,
        lines: tuple[tuple[str, ...], ...],
        values: dict[str, Fraction],
        draws: Drawn,
    ) -> list[tuple[tuple[str, ...], Fraction]] | None:
        """Returns the expression and the value of every line; None unless all are whole and between 2 and the
        limit.

        Money may come in cents. Puts the results into `values`."""
        cents = self.noun.money or (bool(relation.facts) and (self.kind in MONEY_KINDS or relation.priced))
        made: list[tuple[tuple[str, ...], Fraction]] = []
        for letter, expression in zip(LINES, lines, strict=False):
            flat = _flat(expression, draws)
            value = evaluate(tuple(values.get(token) or CONSTANTS.get(token) or token for token in flat))
            limit = self.size.limit * (10 if flat[1:] == ("*", "100") else 1)
            if value.denominator != 1 and not (cents and (value * 100).denominator == 1):
                return None
            if not 2 <= value <= limit:
                return None
            values[letter] = value
            made.append((flat, value))
        return made

    def _number_slots(self, slots: dict[str, Any], draws: Drawn) -> None:
        for letter, value in draws.values.items():
            text = numeral(value)
            slots[letter] = text
            dollars = text if value.denominator == 1 else f"{float(value):.2f}"
            slots["d" + letter] = f"${dollars}"
            unit = self.noun.money or self.kind in ("minute", "km")
            slots["p" + letter] = self.noun.amount(dollars if self.noun.money else text) if unit else text
            slots["a" + letter] = self.noun.amount(dollars if self.noun.money else text)
        if "n" in draws.values:
            n = numeral(draws.values["n"])
            slots["more"], slots["fewer"] = self.noun.more(n), self.noun.fewer(n)
        if draws.fraction is not None:
            slots["frac"] = WORDS[draws.fraction]

    def _tell(self, relation: Relation, slots: dict[str, Any]) -> None:
        if not relation.facts:
            return
        held = self.held_templates and bool(relation.held)
        options = relation.held if held else relation.facts
        at = self.s.below(len(options))
        self.templates.append(f"{relation.name}.{'held' if held else 'train'}.{at}")
        text = options[at].format_map(slots).removesuffix(".")
        if self.several and not self.events and self.pool is not None:
            text = _owned(text, slots["items"])
        if self.pool is None:
            self.setup.append(Sentence(text, source=True))
        elif relation.where == "setup":
            self.setup.append(Sentence(text))
        else:
            self.events.append(Sentence(text, dynamic=relation.name in DYNAMIC))


def _owned(text: str, items: str) -> str:
    """Names the owners of things where several people have some: "half of the apples", "... of #P apples"."""
    if "#" in text:
        return text
    if f"the {items}" not in text:
        raise Stuck
    return text.replace(f"the {items}", f"#P {items}", 1)


def _flat(expression: tuple[str, ...], draws: Drawn) -> tuple[str, ...]:
    """Inserts the fraction: "p F" becomes p/3 or p*2/3."""
    if "F" not in expression:
        return expression
    assert draws.fraction is not None
    a, b = draws.fraction
    return (expression[0], "/", str(b)) if a == 1 else (expression[0], "*", str(a), "/", str(b))
