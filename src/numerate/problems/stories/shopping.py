"""Shopping lists: things at unit prices, prices and amounts compared, and what it comes to.

Slots: items, item the things of this relation, items1, item1 those bought before; p the price and q the number of
the things bought before.
"""

from __future__ import annotations

from typing import Any

from numerate.problems.stories import numbers as num
from numerate.problems.stories.graph import Node
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.story import Story, Stuck
from numerate.problems.stories.words import HELD_PEOPLE, PEOPLE, Noun

EACH = ("each {item} cost {eq} dollars.", "the price of each {item} was {eq} dollars.")
COST = ("the {items} cost {eq} dollars.", "for the {items}, {S} paid {eq} dollars.")
COUNT = ("{S} bought {eq} {items}.", "the number of {items} was {eq}.")

BUY = Relation(
    "buy",
    "",
    "cost",
    num.basket,
    ("n*m",),
    (
        "{S} {also}bought {n} {items} for {dm} each.",
        "{S} {also}bought {n} {items} at {dm} each.",
        "{S} {also}paid {dm} each for {n} {items}.",
    ),
    ("{n} {items} at {dm} apiece went into {P} bag{too}.",),
    (COST,),
    weight=5,
)
NEXT = (
    BUY,
    Relation(
        "dearer",
        "price",
        "cost",
        num.dearer,
        ("p+n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {dn} more than each {item1}.",
            "{S} also bought {m} {items}. each {item} was {dn} more expensive than each {item1}.",
            "{S} also bought {m} {items}, which cost {dn} more than the {items1} each.",
        ),
        ("{S} also bought {m} {items}, each of them {dn} dearer than each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "cheaper",
        "price",
        "cost",
        num.cheaper,
        ("p-n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {dn} less than each {item1}.",
            "{S} also bought {m} {items}. each {item} was {dn} cheaper than each {item1}.",
            "{S} also bought {m} {items}, which cost {dn} less than the {items1} each.",
        ),
        ("{S} also bought {m} {items}, each of them priced {dn} below each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "price_times",
        "price",
        "cost",
        num.price_times,
        ("p*n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {n} times as much as each {item1}.",
            "{S} also bought {m} {items}. the price of each {item} was {n} times that of each {item1}.",
            "{S} also bought {m} {items}, each {n} times as expensive as each {item1}.",
        ),
        ("{S} also bought {m} {items}, each at {n} times the price of each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "twice_the_number",
        "price",
        "cost",
        num.one_price,
        ("q*2", "x*n"),
        (
            "{S} also bought twice as many {items} as {items1}, at {dn} each.",
            "{S} also bought twice as many {items} as {items1} for {dn} each.",
            "{S} also bought {items} for {dn} each, twice as many as {items1}.",
        ),
        ("{S} also bought double the number of {items}, compared with {items1}, at {dn} apiece.",),
        (COUNT, COST),
    ),
    Relation(
        "more_in_number",
        "price",
        "cost",
        num.dearer,
        ("q+n", "x*m"),
        (
            "{S} also bought {n} more {items} than {items1}, at {dm} each.",
            "{S} also bought {items} for {dm} each, {n} more than {items1}.",
            "{S} also paid {dm} each for {items} and bought {n} more of them than {items1}.",
        ),
        ("{S} also bought {items} at {dm} apiece, outnumbering the {items1} by {n}.",),
        (COUNT, COST),
    ),
    Relation(
        "flat_price",
        "",
        "cost",
        num.surcharge,
        (),
        (
            "{S} also bought {thing} for {dn}.",
            "{S} also paid {dn} for {thing}.",
            "{S} also spent {dn} on {thing}.",
        ),
        ("{thing} for {dn} was also bought.",),
        (),
        weight=3,
    ),
)
SUM = Relation(
    "bill",
    "",
    "cost",
    num.nothing,
    ("+",),
    (),
    (),
    (("in all, {S} paid {eq} dollars.", "together, that cost {eq} dollars.", "the total was {eq} dollars."),),
    (
        "how much did {S} pay in all|how much {S} paid in all",
        "how much money did {S} spend in all|how much money {S} spent in all",
        "what was the total price in dollars|the total price in dollars",
    ),
)


def open_basket(story: Story, budget: int) -> None:
    """Buys one to three kinds of things with at most `budget` calculations."""
    s = story.s
    actor = s.pick(HELD_PEOPLE if story.held_words else PEOPLE)
    story.owner, story.people = actor, [actor]
    goods = s.some(story.scenario.held if story.held_words else story.scenario.items, 3)
    count = 1 if budget < 2 else 2 if budget < 4 or s.chance(0.6) else 3
    parts: list[Node] = []
    price = number = None
    for index in range(count):
        left = budget - story.steps - (count > 1)
        operands = {} if price is None or number is None else {"p": price, "q": number}
        node, relation = _buy(story, goods[index], goods[index - 1] if index else None, operands, left)
        if relation.name == "buy":
            price, number = story.graph.nodes[-2], story.graph.nodes[-3]
        else:
            price = number = None
        parts.append(node)
    slots = story.slots() | {"items": goods[0].many}
    story.pool, story.ask_slots = parts[0], slots
    story.asks = ("how much did {S} pay for the {items}|how much {S} paid for the {items}",)
    if count > 1:
        letters = "pqr"[:count]
        sums = (tuple("+".join(letters)),)
        node = story.add(SUM, slots, dict(zip(letters, parts, strict=True)), calc=sums)
        if node is None:
            raise Stuck
        story.pool, story.asks = node, SUM.asks
    story.kind = "cost"


def _buy(
    story: Story, noun: Noun, before: Noun | None, operands: dict[str, Node], left: int
) -> tuple[Node, Relation]:
    slots: dict[str, Any] = story.slots() | {"items": noun.many, "item": noun.one, "also": "", "too": ""}
    options = [(BUY, 1)]
    if before is not None:
        slots |= {"items1": before.many, "item1": before.one, "also": "also ", "too": " as well"}
        options = [(r, r.weight) for r in NEXT if operands or r.takes != "price"]
    options = [option for option in options if option[0].cost <= left]
    if not options:
        raise Stuck
    relation = story.s.weighted(options)
    node = story.add(relation, slots, operands)
    if node is None:
        raise Stuck
    return node, relation
