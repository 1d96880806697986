"""From a built story to its text: order of the sentences, names and pronouns, the question, the solution."""

from __future__ import annotations

import re

from numerate.problems.stories.graph import numeral
from numerate.problems.stories.story import Sentence, Story
from numerate.problems.stories.words import Person, listing

OWNER = re.compile(r"#[SOP]")
INDIRECT = ("Find {}.", "Calculate {}.", "Work out {}.")
HELD_INDIRECT = ("Determine {}.", "Can you tell {}?", "Please figure out {}.")
LEADS = ("then ", "after that, ", "later, ", "next, ")
HELD_LEADS = ("afterwards, ", "some time later, ")


def question(story: Story) -> str:
    """Returns the text of the problem."""
    s = story.s
    sentences = _intro(story) + _setup(story) + _events(story)
    ask, last = _ask(story, sentences)
    if last:
        sentences = sentences[:-1]
    naming = _Naming(story)
    return (
        " ".join(
            [
                *(_capital(naming.fill(sentence.text)) + "." for sentence in sentences),
                _capital(naming.fill(ask)),
            ]
        )
        if s
        else ""
    )


def solution(story: Story) -> str:
    """Returns one line per calculation, and the answer."""
    assert story.pool is not None
    put = _pronoun if story.owner.he == "they" else _name
    lines = [_capital(put(line, story.owner)) for line in story.lines]
    return "\n".join([*lines, f"#### {numeral(story.pool.value)}"])


def _capital(text: str) -> str:
    """Sets a capital at the beginning of every sentence of the text."""
    return ". ".join(part[:1].upper() + part[1:] for part in text.split(". "))


def _intro(story: Story) -> list[Sentence]:
    s = story.s
    if not s.chance(0.3):
        return []
    names = [person.name for person in story.people]
    template = s.pick(story.scenario.intros)
    if "{A}" in template and not names:
        return []
    who = "#S" if len(names) == 1 and story.owner.he != "they" else listing(names) if names else ""
    return [Sentence(template.format(A=who).removesuffix("."))]


def _setup(story: Story) -> list[Sentence]:
    """Returns the opening facts, some shuffled, some joined by "and"."""
    s = story.s
    facts = s.shuffled(story.setup) if _may_shuffle(story) and s.chance(0.3) else list(story.setup)
    made: list[Sentence] = []
    for sentence in facts:
        before = made[-1] if made else None
        if before and before.source and sentence.source and s.chance(0.25) and _joinable(before, sentence):
            made[-1] = Sentence(f"{before.text}, and {sentence.text}")
        else:
            made.append(sentence)
    return made


def _may_shuffle(story: Story) -> bool:
    return story.scenario.kind != "cost"


def _joinable(first: Sentence, second: Sentence) -> bool:
    return not any(
        mark in sentence.text for sentence in (first, second) for mark in (", ", ". ", ":", " and ")
    )


def _events(story: Story) -> list[Sentence]:
    s = story.s
    leads = HELD_LEADS if story.held_templates else LEADS
    made: list[Sentence] = []
    for sentence in story.events:
        if sentence.dynamic and made and s.chance(0.4):
            sentence = Sentence(s.pick(leads) + sentence.text)
        made.append(sentence)
    return made


def _ask(story: Story, sentences: list[Sentence]) -> tuple[str, bool]:
    """Returns the question, and whether it includes the last sentence as "If ..."."""
    s = story.s
    direct, _, indirect = s.pick(story.asks).partition("|")
    direct, indirect = direct.format_map(story.ask_slots), indirect.format_map(story.ask_slots)
    form = s.below(10)
    if (
        form < 2
        and len(sentences) > 1
        and story.events
        and sentences[-1].text == story.events[-1].text
        and not any(mark in sentences[-1].text for mark in (". ", ", "))
    ):
        return f"if {sentences[-1].text}, {direct}?", True
    if form < (7 if story.held_templates else 4) and indirect:
        return s.pick(HELD_INDIRECT if story.held_templates else INDIRECT).format(indirect), False
    return direct + "?", False


class _Naming:
    """Inserts the owner's name or a pronoun: a pronoun only where the sentence before has the same owner."""

    def __init__(self, story: Story) -> None:
        self.s, self.owner = story.s, story.owner
        self.known = False

    def fill(self, text: str) -> str:
        if not OWNER.search(text):
            self.known = False
            return text
        if self.owner.he == self.owner.name or (self.known and self.s.chance(0.6)):
            made = _pronoun(text, self.owner)
        else:
            made = _name(text, self.owner)
        self.known = True
        return made


def _pronoun(text: str, owner: Person) -> str:
    return OWNER.sub(lambda match: _word(match.group(), owner, False), text)


def _name(text: str, owner: Person) -> str:
    """Returns the name at its first occurrence, pronouns after it."""
    first = True

    def put(match: re.Match[str]) -> str:
        nonlocal first
        named, first = first, False
        return _word(match.group(), owner, named)

    return OWNER.sub(put, text)


def _word(mark: str, owner: Person, named: bool) -> str:
    if named:
        return owner.possessive if mark == "#P" else owner.name
    return {"#S": owner.he, "#O": owner.him, "#P": owner.his}[mark]
