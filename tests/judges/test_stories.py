"""The oracle on generated stories: reference solutions, other right ways, one mistake at a known place."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from numerate.judges import Oracle
from numerate.problems.stories import generate
from numerate.types import Problem
from tests.judges import perturb
from tests.judges.perturb import Changed
from tests.judges.toy import random_story

ORACLE = Oracle()
Change = Callable[[Problem, random.Random], Changed | None]


@pytest.fixture(scope="module")
def stories() -> list[Problem]:
    splits = ("train", "validation", "test", "test-templates", "test-longer")
    found = [problem for split in splits for problem in generate(split, 0, 70)]
    return found + [random_story(seed, 2 + seed % 5) for seed in range(100)]


def changed(stories: list[Problem], change: Change) -> list[tuple[Problem, list[str], int | None]]:
    rng = random.Random(0)
    made = [(problem, change(problem, rng)) for problem in stories]
    found = [(problem, *result) for problem, result in made if result is not None]
    assert len(found) >= 80
    return found


def test_reference_solutions_are_right_throughout(stories: list[Problem]) -> None:
    for problem in stories:
        judged = ORACLE.judge(problem, problem.solution)
        assert {step.label for step in judged.steps} == {"right"}, problem
        assert all(judged.reachable) and judged.answer_right, problem


@pytest.mark.parametrize("change", perturb.REWRITINGS)
def test_rewritten_solutions_are_right(stories: list[Problem], change: Change) -> None:
    """Up to 1 in 100 may miss: where two quantities share a value, a rewriting can mix them up for good."""
    count: Counter[str | None] = Counter()
    for problem, lines, _ in changed(stories, change):
        count.update(step.label for step in ORACLE.judge(problem, "\n".join(lines)).steps)
    assert count["right"] >= 0.99 * count.total(), count


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (perturb.wrong_digit, 1.0),
        (perturb.from_nowhere, 1.0),
        (perturb.distracted, 0.98),
        (perturb.turned_over, 0.97),
        (perturb.wrong_operation, 0.92),
    ],
)
def test_one_mistake_is_found_where_it_is(stories: list[Problem], change: Change, least: float) -> None:
    """A wrong operation is not always wrong: 12 * 2 for 12 + 2 may double what a later step doubles."""
    found = 0
    cases = changed(stories, change)
    for problem, lines, at in cases:
        judged = ORACLE.judge(problem, "\n".join(lines))
        assert at is not None
        assert {step.label for step in judged.steps[:at]} <= {"right"}
        assert all(judged.reachable[:at])
        found += judged.steps[at].label == "wrong" and judged.reachable[at] is False
    assert found >= least * len(cases), (found, len(cases))


def test_results_stated_without_calculation_are_never_wrong(stories: list[Problem]) -> None:
    count: Counter[str | None] = Counter()
    for problem, lines, _ in changed(stories, perturb.headless):
        count.update(step.label for step in ORACLE.judge(problem, "\n".join(lines)).steps)
    assert count["wrong"] == 0
    assert count["right"] >= 0.85 * count.total()


def test_a_prefix_is_judged_as_it_is_within_the_whole(stories: list[Problem]) -> None:
    for problem, lines, _ in changed(stories, perturb.wrong_operation):
        whole = ORACLE.judge(problem, "\n".join([*lines, *lines]))
        for k in range(1, len(lines) + 1):
            part = ORACLE.judge(problem, "\n".join(lines[:k]))
            assert part.steps == whole.steps[:k]
            assert part.reachable == whole.reachable[:k]


def test_the_solution_of_another_story_is_hardly_ever_right(stories: list[Problem]) -> None:
    count: Counter[str | None] = Counter()
    for problem, other in pairwise(stories):
        count.update(step.label for step in ORACLE.judge(problem, other.solution).steps)
    assert count["right"] <= 0.05 * count.total(), count
    assert count["wrong"] >= 0.75 * count.total(), count
