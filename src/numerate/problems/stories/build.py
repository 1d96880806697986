"""Builds a story with a wanted number of steps: an opening, events, and sentences that don't matter."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from numerate.problems.stories.graph import GraphNode
from numerate.problems.stories.numbers import Size
from numerate.problems.stories.opening import open_sources
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.shopping import open_basket
from numerate.problems.stories.story import Sentence, Story, Stuck
from numerate.problems.stories.stream import Stream
from numerate.problems.stories.tables import EVENTS, PURSE
from numerate.problems.stories.words import HELD_PEOPLE, MONEY, PEOPLE, Noun
from numerate.problems.stories.world import BASKETS, SCENARIOS, Scenario
from numerate.problems.stories.world.things import GOODS, HELD_GOODS, HELD_THINGS, HELD_WISHES, THINGS, WISHES

BY_KIND: dict[str, list[Relation]] = {}
for _relation in EVENTS:
    for _kind in _relation.takes.split():
        BY_KIND.setdefault(_kind, []).append(_relation)
CLASHES = {
    "hours": ("hours_given",),  # asks what was told
    "break": ("daily_minutes",),  # one break, or one a day?
    "daily_minutes": ("break",),
}
ONCE = ("sort", "give", "sell", "cost")
"""of the relations whose names begin with one of these, a story has at most one"""
BEFORE_PROFIT = frozenset(relation.name for relation in PURSE)
"""After one of these, what is left is not a profit"""
HELD_PAIRS = frozenset(
    {
        ("give_away", "pack"),
        ("spoil", "share"),
        ("more", "times"),
        ("half", "fewer"),
        ("sell", "split_money"),
        ("coupon", "change"),
        ("pack", "sell"),
    }
)
"""Relations that never follow each other directly outside `test-templates`"""
WORLD = SCENARIOS + BASKETS


def build(
    s: Stream,
    scenario: Scenario,
    steps: int,
    size: Size,
    distractors: float,
    held_words: bool,
    held_templates: bool,
) -> Story:
    """Raises Stuck where the draws lead nowhere; call again with the stream as it is then."""
    items = scenario.held if held_words else scenario.items
    noun = MONEY if scenario.kind == "cost" else s.pick(items)
    story = Story(s, size, scenario, held_words, held_templates, noun, scenario.kind)
    story.words = _words(story)
    if scenario.kind == "cost":
        open_basket(story, steps)
    else:
        open_sources(story, _opening_steps(story, steps), steps)
    while story.steps < steps:
        _event(story, steps - story.steps)
    names = story.relations
    if not held_templates and any(pair in HELD_PAIRS for pair in pairwise(names)):
        raise Stuck
    if s.chance(distractors):
        _distract(story)
    return story


def _opening_steps(story: Story, steps: int) -> int:
    """Returns how many calculations the opening may take: most of them where the scenario knows few
    events."""
    rich = story.kind == "money" or "sell" in story.scenario.words
    return story.s.between(max(min(1, steps - 1), steps - (4 if rich else 2)), steps)


def _words(story: Story) -> dict[str, Any]:
    """Chooses the scenario's words for this story."""
    s, held = story.s, story.held_words
    goods: Noun = s.pick(HELD_GOODS if held else GOODS)
    made: dict[str, Any] = {
        "thing": s.pick(HELD_THINGS if held else THINGS),
        "wish": s.pick(HELD_WISHES if held else WISHES),
        "goods": goods.many,
        "noun:goods": goods,
        "noun:minutes": Noun("minute", "minutes"),
        "noun:days": Noun("day", "days"),
        "base": story.scenario.verb[0],
    }
    for key, options in story.scenario.words.items():
        _word(made, key, s.pick(options))
    return made


PLURALS = {
    "sack": "sacks",
    "bunch": "bunches",
    "box": "boxes",
    "product": "products",
    "sharer": "sharers",
    "part": "parts",
}


def _word(made: dict[str, Any], key: str, value: Any) -> None:
    if key == "part":
        made["pv"], value = value
    if isinstance(value, Noun):
        made[key], made[PLURALS[key]], made["noun:" + key] = value.singular, value.many, value
    elif key in ("rate", "car", "bicycle"):
        made["per"], made["span"], made["span1"] = value
    elif key == "sort":
        made["sort"], made["sort2"] = value
    elif key == "use":
        made["used"], made["used2"] = value
    elif key == "supply":
        made["supplies"], made["bags"] = value
    else:
        made[key] = value
        if key == "taker":
            made["taker2"] = "the " + value.split(" ", 1)[1] if value[0] == "a" else value


def _event(story: Story, left: int) -> None:
    """Adds one event that takes at most `left` calculations."""
    has = story.scenario.words
    options: list[tuple[Relation, int]] = [
        (relation, relation.weight)
        for relation in BY_KIND.get(story.kind, ())
        if relation.weight
        and relation.cost <= left
        and all(n in has or n in story.traits for n in relation.needs)
        and not _used(story, relation)
    ]
    while options:
        relation = story.s.weighted(options)
        slots = story.slots()
        assert story.pool is not None
        node = story.add(relation, slots, {"p": story.pool})
        if node is not None:
            _go_on(story, relation, node, slots)
            return
        options.remove((relation, relation.weight))
    raise Stuck


def _used(story: Story, relation: Relation) -> bool:
    family = relation.name.split("_")[0]
    if relation.gives == "profit" and any(name in BEFORE_PROFIT for name in story.relations):
        return True
    if any(name in story.relations for name in CLASHES.get(relation.name, ())):
        return True
    if family in ONCE:
        return any(name.split("_")[0] == family for name in story.relations)
    return relation.name in story.relations


def _go_on(story: Story, relation: Relation, node: GraphNode, slots: dict[str, Any]) -> None:
    story.pool, story.asks, story.ask_slots = node, relation.asks, slots
    if relation.gives != "same":
        story.kind = relation.gives
    if relation.noun in ("sort", "sort2"):
        word, noun = slots[relation.noun], story.noun
        story.noun = Noun(f"{word} {noun.singular}", f"{word} {noun.many}")
    elif relation.noun:
        story.noun = story.words["noun:" + relation.noun]
    elif story.kind in ("money", "cost"):
        story.noun = MONEY


def _distract(story: Story) -> None:
    """Adds one or two sentences whose numbers don't matter."""
    remarks = story.s.shuffled(story.scenario.extras)
    for _ in range(2 if story.s.chance(0.15) else 1):
        sentence = _other_person(story) if story.s.chance(0.4) else None
        sentence = sentence or _remark(story, remarks.pop())
        story.setup.insert(story.s.below(len(story.setup) + 1), sentence)
        story.distractors += 1


def _remark(story: Story, template: str) -> Sentence:
    n = story.s.between(3, 60)
    story.graph.add(n)
    return Sentence(template.format(n=n).removesuffix("."))


def _other_person(story: Story) -> Sentence | None:
    """Returns another person and another thing."""
    s, scenario = story.s, story.scenario
    items = scenario.held if story.held_words else scenario.items
    if scenario.kind != "item" or len(items) < 2 or not scenario.people or len(scenario.items) < 2:
        return None
    other = s.pick([p for p in (HELD_PEOPLE if story.held_words else PEOPLE) if p not in story.people])
    item = s.pick(
        [
            item
            for item in items
            if item.many not in story.ask_slots.get("items", "") and item is not story.noun
        ]
    )
    n = s.between(3, story.size.base)
    story.graph.add(n)
    return Sentence(f"{other.name} {scenario.verb[1]} {n} {item.many}")
