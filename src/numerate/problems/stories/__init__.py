"""The embedded world: grade-school word problems made from random computation graphs, with worked solutions.

Problem i of a split is a function of (split, seed, i, knobs) alone: the same text on every machine and
Python. A hash of a question's text decides whether train, validation or the tests may hold it, so no question
is in two of them, whatever the knobs.

What is held out of `train`, `validation`, `test` and `test-longer`, and makes up `test-templates`:
- one or two wordings of every relation's fact (`Relation.held`); `test-templates` uses these alone;
- pairs of relations that follow each other (`build.HELD_PAIRS`);
- the indirect forms of the question and the words that lead from event to event (`render.HELD_*`);
- names, and things to count, to buy and to wish for (`held`, `HELD_*` in words.py and world/).
Units (dollars, kilometers, minutes), verbs, places, days and the wordings of solutions are common to all.
`test-longer` has 7 or 8 steps where training has 1 to 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from numerate.problems.stories.build import WORLD, build
from numerate.problems.stories.graph import numeral
from numerate.problems.stories.numbers import Size
from numerate.problems.stories.render import question, solution
from numerate.problems.stories.story import Story, Stuck
from numerate.problems.stories.stream import Stream
from numerate.types import Problem

SPLITS = ("train", "validation", "test", "test-templates", "test-longer")
WEIGHTS = ((1, 10), (2, 24), (3, 26), (4, 20), (5, 12), (6, 8), (7, 6), (8, 6))
BUCKETS = {
    "train": (2, 3, 4, 5),
    "validation": (1,),
    "test": (0,),
    "test-templates": (0,),
    "test-longer": (0,),
}


@dataclass(frozen=True)
class Knobs:
    """The difficulty and strangeness of problems. The splits' own values are in `DEFAULTS`."""

    steps: tuple[int, int] = (1, 6)
    """fewest and most calculations, 1 to 8"""
    magnitude: int = 2
    """1 small, 2 medium, 3 large numbers"""
    distractors: float = 0.25
    """probability of a sentence whose number does not matter"""
    vocabulary: str = "common"
    """"common", or "held-out": names and things that no training story has"""
    templates: str = "common"
    """"common", or "held-out": wordings and combinations that no training story has"""

    @property
    def label(self) -> str:
        """Returns the label, a part of every problem's seed: its spelling must not change."""
        return (
            f"Knobs(steps={self.steps!r}, magnitude={self.magnitude!r}, "
            f"distractors={float(self.distractors)!r}, "
            f"vocabulary={self.vocabulary!r}, templates={self.templates!r})"
        )

    def __post_init__(self) -> None:
        low, high = self.steps
        if not 1 <= low <= high <= 8:
            raise ValueError(
                f"stories: steps={self.steps}: give (fewest, most) with 1 <= fewest <= most <= 8"
            )
        if self.magnitude not in (1, 2, 3):
            raise ValueError(f"stories: magnitude={self.magnitude}: give 1, 2 or 3")
        if not 0 <= self.distractors <= 1:
            raise ValueError(f"stories: distractors={self.distractors}: give a probability")
        for name in ("vocabulary", "templates"):
            if getattr(self, name) not in ("common", "held-out"):
                raise ValueError(f"stories: {name}={getattr(self, name)!r}: give 'common' or 'held-out'")


DEFAULTS = {
    "train": Knobs(),
    "validation": Knobs(),
    "test": Knobs(),
    "test-templates": Knobs(vocabulary="held-out", templates="held-out"),
    "test-longer": Knobs(steps=(7, 8)),
}


def generate(
    split: str, start: int = 0, count: int = 1000, seed: int = 0, knobs: Knobs | None = None
) -> Iterator[Problem]:
    """Yields the problems number start, start + 1, ..., start + count - 1 of a split.

    Raises ValueError for a split that does not exist or a negative start."""
    if split not in DEFAULTS:
        raise ValueError(f"stories: there is no split {split!r}: choose from {', '.join(SPLITS)}")
    if start < 0:
        raise ValueError(f"stories/{split}: start={start}: the first problem is number 0")
    chosen = knobs or DEFAULTS[split]
    for index in range(start, start + count):
        yield _problem(split, seed, index, chosen)


def _problem(split: str, seed: int, index: int, knobs: Knobs) -> Problem:
    stream = Stream(f"stories/{split}/{seed}/{index}/{knobs.label}")
    low, high = knobs.steps
    steps = stream.weighted([pair for pair in WEIGHTS if low <= pair[0] <= high])
    size = Size(knobs.magnitude)
    scenario = WORLD[0]
    words, templates = knobs.vocabulary == "held-out", knobs.templates == "held-out"
    for attempt in range(20_000):
        if attempt % 60 == 0:
            scenario = stream.pick(WORLD)
        try:
            story = build(stream, scenario, steps, size, knobs.distractors, words, templates)
        except Stuck:
            continue
        text = question(story)
        digest = blake2b(text.encode(), digest_size=8).digest()
        if digest[0] % 6 in BUCKETS[split]:
            return _record(story, text, digest.hex(), split)
    raise AssertionError(f"stories/{split}: no story of {steps} steps in 20,000 draws")


def _record(story: Story, text: str, digest: str, split: str) -> Problem:
    assert story.pool is not None
    return Problem(
        id=f"stories-{digest}",
        question=text,
        answer=numeral(story.pool.value),
        solution=solution(story),
        kind="number",
        source=f"stories/{split}",
        meta={
            "steps": story.steps,
            "level": story.steps,
            "scenario": story.scenario.name,
            "relations": story.relations,
            "distractors": story.distractors,
            "templates": story.templates,
            "graph": story.graph.rows(story.pool),
            "answer_node": story.pool.id,
        },
    )
