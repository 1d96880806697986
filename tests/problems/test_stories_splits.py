"""What the splits of the embedded world promise: the same texts everywhere, nothing shared between them."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from itertools import pairwise

import pytest

from numerate.problems.stories import SPLITS, Knobs, generate
from numerate.problems.stories.build import HELD_PAIRS
from numerate.problems.stories.tables import RELATIONS
from numerate.problems.stories.words import HELD_PEOPLE, PEOPLE
from numerate.problems.stories.world import BASKETS, SCENARIOS, things
from numerate.types import Problem

COUNTS = {"train": 2500, "validation": 300, "test": 300, "test-templates": 300, "test-longer": 60}
GOLDEN = {
    "train": "8c8198bf3c211dc0",
    "validation": "79af084e286a83aa",
    "test": "eba44246ac50f448",
    "test-templates": "486322b10c163239",
    "test-longer": "442850eb2c086cbb",
}
"""SHA-256 of each split's first texts: if one changes, the problems are not those the bundled model saw"""


@cache
def sample(split: str) -> tuple[Problem, ...]:
    return tuple(generate(split, 0, COUNTS[split]))


@pytest.mark.parametrize("split", SPLITS)
def test_the_texts_are_the_same_on_every_machine(split: str) -> None:
    digest = sha256()
    for problem in sample(split)[:40]:
        digest.update(f"{problem.id}\n{problem.question}\n{problem.solution}\n".encode())
    assert digest.hexdigest()[:16] == GOLDEN[split]


@pytest.mark.parametrize("split", SPLITS)
def test_a_problem_depends_on_its_number_alone(split: str) -> None:
    assert list(generate(split, 17, 3)) == list(sample(split)[17:20])


def test_seeds_and_knobs_give_other_problems() -> None:
    first = {problem.id for problem in generate("train", 0, 50)}
    assert not first & {problem.id for problem in generate("train", 0, 50, seed=1)}
    assert not first & {problem.id for problem in generate("train", 0, 50, knobs=Knobs(magnitude=3))}


def test_no_question_occurs_twice_or_in_two_splits() -> None:
    problems = [problem for split in SPLITS for problem in sample(split)]
    assert len({problem.question for problem in problems}) == len(problems)
    assert len({problem.id for problem in problems}) == len(problems)


def test_training_stays_clear_of_the_tests_whatever_the_knobs() -> None:
    """The hash of the text decides: train with the tests' own knobs draws from other buckets."""
    knobs = Knobs(steps=(1, 1), magnitude=1, distractors=0.0)
    train = {problem.id for problem in generate("train", 0, 600, knobs=knobs)}
    for split in ("validation", "test"):
        assert not train & {problem.id for problem in generate(split, 0, 100, knobs=knobs)}


def test_ids_and_fields_are_as_promised() -> None:
    for problem in sample("test"):
        assert re.fullmatch(r"stories-[0-9a-f]{16}", problem.id)
        assert problem.kind == "number" and problem.source == "stories/test"
        assert set(problem.meta) == {
            "steps", "level", "scenario", "relations", "distractors", "templates", "graph", "answer_node",
        }  # fmt: skip


def test_every_relation_has_paraphrases_and_held_out_ones() -> None:
    for relation in RELATIONS:
        if relation.facts:
            assert len(set(relation.facts)) >= 3, relation.name
            assert relation.held and not set(relation.held) & set(relation.facts), relation.name
        for wordings in relation.lines:
            assert len(set(wordings)) >= 2, relation.name


@pytest.mark.parametrize("split", ["train", "validation", "test", "test-longer"])
def test_held_out_wordings_and_combinations_stay_out(split: str) -> None:
    for problem in sample(split):
        assert not any(".held." in template for template in problem.meta["templates"])
        assert not any(pair in HELD_PAIRS for pair in pairwise(problem.meta["relations"]))


def test_test_templates_uses_held_out_wordings_only() -> None:
    used = [template for problem in sample("test-templates") for template in problem.meta["templates"]]
    assert used and all(".held." in template for template in used)
    pairs = {pair for p in sample("test-templates") for pair in pairwise(p.meta["relations"])}
    assert pairs & HELD_PAIRS


def held_words() -> set[str]:
    nouns = {n for scenario in SCENARIOS + BASKETS for n in scenario.held if n not in scenario.items}
    words = {noun.many for noun in nouns} | {noun.many for noun in things.HELD_GOODS}
    words |= {*things.HELD_THINGS, *things.HELD_WISHES, *things.HELD_PLACE_THINGS, *things.HELD_PLACE_WISHES}
    return words | {person.name for person in HELD_PEOPLE}


def test_held_out_words_never_occur_in_training() -> None:
    texts = "\n".join(f"{problem.question}\n{problem.solution}" for problem in sample("train"))
    for word in held_words():
        assert not re.search(rf"\b{re.escape(word)}\b", texts), word


def test_test_templates_knows_none_of_the_common_names_and_most_held_out_words() -> None:
    texts = "\n".join(problem.question for problem in sample("test-templates"))
    for person in PEOPLE:
        assert not re.search(rf"\b{person.name}\b", texts), person.name
    present = [word for word in held_words() if re.search(rf"\b{re.escape(word)}\b", texts)]
    assert len(present) > 0.8 * len(held_words())


def test_a_negative_start_is_refused() -> None:
    with pytest.raises(ValueError, match="start=-1"):
        next(generate("test", -1))


@pytest.mark.parametrize("split", SPLITS)
def test_the_texts_are_clean_english_as_far_as_a_pattern_can_tell(split: str) -> None:
    for problem in sample(split):
        text = f"{problem.question}\n{problem.solution}"
        assert not re.search(r"[{}]|#[SOP]|  |\.\.|\ban? (an?|the)\b|\b([a-z]+) \2\b", text), text
        assert not re.search(r"(?<!Class )\b[Aa] [aeiou]|\b[Aa]n [^aeiouh]", text), text
        assert not re.search(r"(?<![\d.])1 [a-z]+s\b", text), text
        assert not re.search(r"\b(they|friends|them|animals) (was|is|has)\b", text, re.IGNORECASE), text
        sentences = re.split(r"(?<=[.?]) ", problem.question)
        assert all(sentence[0] in "$0123456789" or sentence[0].isupper() for sentence in sentences), text
        assert problem.question[-1] in "?."
