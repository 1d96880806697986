"""Opening of a story: quantities of one kind, alone or compared in a chain, then put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numerate.problems.stories.graph import GraphNode
from numerate.problems.stories.relation import Relation
from numerate.problems.stories.story import Story, Stuck
from numerate.problems.stories.tables import COMPARED, FRESH, JOINED
from numerate.problems.stories.words import HELD_PEOPLE, PEOPLE, Person, group, listing
from numerate.problems.stories.world.things import (
    HELD_PLACE_THINGS,
    HELD_PLACE_WISHES,
    PLACE_THINGS,
    PLACE_WISHES,
)

JOIN = {relation.name: relation for relation in JOINED}


@dataclass
class OpeningSource:
    """One of the compared quantities and the words for it."""

    who: str
    """"Tom", "#S" or "the first shelf" """
    at: str
    """"" or " on Monday" """
    person: Person | None = None
    node: GraphNode | None = None

    @property
    def lead(self) -> str:
        return f"{self.at[1:]}, {self.who}" if self.at else self.who

    @property
    def short(self) -> str:
        return self.at[1:] or self.who


def open_sources(story: Story, budget: int, steps: int) -> None:
    """Introduces one to four quantities and those computed from them, with at most `budget` calculations."""
    s = story.s
    count = s.weighted(
        ((1, 4 if budget < 3 else 2), (2, 5), (3, 4 if budget > 1 else 0), (4, 2 if budget > 3 else 0))
    )
    sources, mode = _subjects(story, count)
    end = _end(story, mode, count, steps)
    if end == "pair":
        budget = steps
    spare = budget - (end != "last")
    for index, source in enumerate(sources):
        chained = end == "last" or s.chance(0.8)
        left = spare - story.steps
        _source(story, sources[:index], source, mode, left, chained and index > 0)
    if end == "total":
        _total(story, sources, mode)
    elif end == "pair":
        _pair(story, sources, mode)
    else:
        _last(story, sources[-1], mode, count, steps)


def _end(story: Story, mode: str, count: int, steps: int) -> str:
    """Returns the result of the quantities: their sum, the last of a chain, or a comparison of two of
    them."""
    if count == 1:
        return "last"
    chain = 4 if mode == "people" or steps <= count else 0
    return story.s.weighted((("total", 6), ("last", chain), ("pair", 4 if count <= steps <= 5 else 0)))


def _subjects(story: Story, count: int) -> tuple[list[OpeningSource], str]:
    s, scenario = story.s, story.scenario
    modes = (
        ["people"] * (2 if scenario.people else 0)
        + ["times"] * bool(scenario.times)
        + ["places"] * bool(scenario.places)
    )
    mode = s.pick(modes)
    cast = HELD_PEOPLE if story.held_words else PEOPLE
    if mode == "people":
        story.people = s.some(cast, count)
        return [OpeningSource(p.name, "", p) for p in story.people], mode
    if mode == "places" and count > 1:
        story.owner = _institution(story)
        return [OpeningSource(name, "") for name in s.pick(scenario.places)[:count]], mode
    actor = s.pick(cast) if scenario.people else _institution(story)
    story.owner = actor
    if scenario.people:
        story.people = [actor]
    if count == 1:
        return [OpeningSource("#S", "", actor)], "alone"
    days = s.pick([t for t in scenario.times if len(t) >= count] or [()])
    if not days:
        raise Stuck
    story.timed = True
    first = s.below(len(days) - count + 1)
    return [OpeningSource("#S", " " + day, actor) for day in days[first : first + count]], mode


def _institution(story: Story) -> Person:
    """Returns the scenario's boss as the owner, with other goals than people."""
    held, s, name = story.held_words, story.s, story.scenario.boss
    story.words["thing"] = s.pick(HELD_PLACE_THINGS if held else PLACE_THINGS)
    story.words["wish"] = s.pick(HELD_PLACE_WISHES if held else PLACE_WISHES)
    return Person(name, name, name, name + ("'" if name.endswith("s") else "'s"))


def _slots(story: Story, source: OpeningSource, reference: OpeningSource | None) -> dict[str, Any]:
    slots = story.slots()
    base, past = story.scenario.verb
    slots |= {
        "L": source.lead,
        "N": source.short,
        "W": source.who,
        "at": source.at,
        "base": base,
        "past": past,
    }
    slots["C"] = f"{source.who} {past}{source.at}"
    if reference is not None:
        slots |= {"R": reference.lead, "Q": reference.short, "W2": reference.who, "at2": reference.at}
        slots["C2"] = f"{reference.who} {past}{reference.at}"
        slots["T"] = f"{reference.who} and {source.who}"
    return slots


def _possible(story: Story, relation: Relation, before: int, mode: str) -> bool:
    """Checks whether the scenario has the relation's words, and the sources so far suit it."""
    if "pair" in relation.needs:
        return mode != "times" and before == 1
    if any(need not in story.scenario.words for need in relation.needs):
        return False
    if relation.takes == "pair" and before < 2:
        return False
    days = relation.name == "daily_for_weeks" or (
        relation.name == "rate" and story.words.get("span") != "hours"
    )
    return not (days and mode == "times")


def _source(
    story: Story, before: list[OpeningSource], source: OpeningSource, mode: str, left: int, chained: bool
) -> None:
    """Introduces one quantity; a chained one is compared with the one before."""
    options: list[tuple[Relation, int]] = [
        (relation, relation.weight)
        for relation in (COMPARED if chained else FRESH)
        if relation.cost <= left and _possible(story, relation, len(before), mode)
    ]
    for _ in range(4):
        if not options:
            raise Stuck
        relation = story.s.weighted(options)
        operands: dict[str, GraphNode] = {}
        slots = _slots(story, source, before[-1] if before else None)
        if chained:
            assert before[-1].node is not None
            operands["p"] = before[-1].node
        if relation.takes == "pair":
            assert before[-2].node is not None
            operands["q"] = before[-2].node
            slots["N2"] = before[-2].short
        node = story.add(relation, slots, operands)
        if node is not None:
            source.node = node
            return
        options.remove((relation, relation.weight))
    raise Stuck


def _all(story: Story, sources: list[OpeningSource], mode: str) -> str:
    if mode == "times":
        return "#S"
    return listing([source.who for source in sources])


def _total(story: Story, sources: list[OpeningSource], mode: str) -> None:
    if "rest_of_total" in story.relations:
        raise Stuck
    slots = _slots(story, sources[-1], sources[-2])
    slots["A"] = _all(story, sources, mode)
    slots["together"] = "altogether" if mode == "times" else "together"
    letters = "pqrst"[: len(sources)]
    operands = {letter: source.node for letter, source in zip(letters, sources, strict=True) if source.node}
    if mode == "people":
        story.owner = group([source.who for source in sources], story.s.chance(0.5))
    _finish(story, JOIN["total"], slots, operands, (tuple("+".join(letters)),))
    story.kind = story.scenario.kind


def _pair(story: Story, sources: list[OpeningSource], mode: str) -> None:
    """Compares the last two, or for three the last and the first."""
    smaller, larger = (sources[-1], sources[0])
    assert smaller.node is not None and larger.node is not None
    if len(sources) > 2 and not _covers(story, sources):
        raise Stuck
    names = [(relation, relation.weight) for relation in JOINED if relation.name != "total"]
    relation = story.s.weighted(names)
    if relation.name != "average" and (
        larger.node in smaller.node.parents or story.relations[-1] in ("half_and_more", "more_than_times")
    ):
        raise Stuck
    if smaller.node.value > larger.node.value:
        smaller, larger = larger, smaller
    assert smaller.node is not None and larger.node is not None
    if relation.name == "average" and (len(sources) > 2 or "rest_of_total" in story.relations):
        raise Stuck
    slots = _slots(story, smaller, larger)
    slots["A"] = _all(story, sources, mode)
    slots["each"] = ""
    if mode == "times":
        slots["each"] = " per " + (
            "game"
            if "game" in smaller.at
            else "week"
            if "week" in smaller.at
            else "month"
            if " in " in smaller.at
            else "day"
        )
    _finish(story, relation, slots, {"p": larger.node, "q": smaller.node}, None)
    story.kind = "final"


def _covers(story: Story, sources: list[OpeningSource]) -> bool:
    last = sources[-1].node
    assert last is not None
    reached = story.graph.ancestors(last)
    return all(source.node is not None and source.node.id in reached for source in sources)


def _finish(
    story: Story, relation: Relation, slots: dict[str, Any], operands: dict[str, GraphNode], calc: Any
) -> None:
    node = story.add(relation, slots, operands, calc=calc)
    if node is None:
        raise Stuck
    story.pool, story.asks, story.ask_slots = node, relation.asks, slots


def _last(story: Story, source: OpeningSource, mode: str, count: int, steps: int) -> None:
    slots = _slots(story, source, None)
    story.pool, story.ask_slots = source.node, slots
    story.asks = ("{much} did {W} {base}{at}|{much} {W} {past}{at}",)
    story.kind = story.scenario.kind
    story.several = count > 1
    if source.person is not None:
        story.owner = source.person
    if count > 1 and mode != "people" and story.steps < steps:
        raise Stuck
