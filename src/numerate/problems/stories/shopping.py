"""Opening a story with a shopping list: up to three kinds of things at unit prices, and what they come to."""

from __future__ import annotations

from typing import Any

from numerate.problems.stories.graph import GraphNode
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.story import Story, Stuck
from numerate.problems.stories.tables import BUY, NEXT, SUM
from numerate.problems.stories.words import HELD_PEOPLE, PEOPLE, Noun


def open_basket(story: Story, budget: int) -> None:
    """Adds the purchase of one to three kinds of things with at most `budget` calculations."""
    s = story.s
    actor = s.pick(HELD_PEOPLE if story.held_words else PEOPLE)
    story.owner, story.people = actor, [actor]
    goods = s.some(story.scenario.held if story.held_words else story.scenario.items, 3)
    count = 1 if budget < 2 else 2 if budget < 4 or s.chance(0.6) else 3
    parts: list[GraphNode] = []
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
    story: Story, noun: Noun, before: Noun | None, operands: dict[str, GraphNode], left: int
) -> tuple[GraphNode, Relation]:
    slots: dict[str, Any] = story.slots() | {"items": noun.many, "item": noun.singular, "also": "", "too": ""}
    options = [(BUY, 1)]
    if before is not None:
        slots |= {"items1": before.many, "item1": before.singular, "also": "also ", "too": " as well"}
        options = [(r, r.weight) for r in NEXT if operands or r.takes != "price"]
    options = [option for option in options if option[0].cost <= left]
    if not options:
        raise Stuck
    relation = story.s.weighted(options)
    node = story.add(relation, slots, operands)
    if node is None:
        raise Stuck
    return node, relation
