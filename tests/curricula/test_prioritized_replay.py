"""Which problems are asked again: the formulas, and what they do over many steps."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from numerate.curricula import CurriculumChoice, Outcome, PrioritizedReplay, State
from numerate.curricula.prioritized_replay import (
    by_age,
    by_rank,
    draw_indices,
    mean_abs_advantage,
    mix_scores,
)
from numerate.types import Problem

PROBLEMS = [Problem(f"p{i}", "?", "1") for i in range(6)]


def plan(**options: Any) -> PrioritizedReplay:
    return PrioritizedReplay(kind="prioritized_replay", **options)


def choice(count: int, seed: int = 0, problems: Any = PROBLEMS) -> CurriculumChoice:
    return CurriculumChoice(problems, problems[:count], count, "plain", random.Random(seed))


def ids(curriculum: PrioritizedReplay, state: State, count: int, seed: int = 0) -> list[str]:
    return [question.problem.id for question in curriculum.choose(state, choice(count, seed))]


def test_the_worked_example(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["plr"]
    assert mean_abs_advantage(case["token_advantages"]) == pytest.approx(case["score_mean_abs"])
    told = case["rank_weights_beta0.1(PROPOSAL)_scores[0.2,0.6,0.4]"]
    assert by_rank([0.2, 0.6, 0.4], 0.1) == pytest.approx(told, rel=1e-4)


def test_ranks_and_ages_by_hand() -> None:
    """beta 1: 1/1, 1/2, 1/3 of 11/6. Ages 1 and 3: a quarter and three quarters."""
    assert by_rank([5.0, 1.0, 2.0], 1.0) == pytest.approx([6 / 11, 2 / 11, 3 / 11])
    assert by_rank([1.0, 1.0], 1.0) == pytest.approx([2 / 3, 1 / 3])  # the first of equals ranks first
    assert by_age([1, 3]) == [0.25, 0.75]
    assert mix_scores([1.0, 0.0], [0.25, 0.75], 0.2) == pytest.approx([0.85, 0.15])


def test_draws_follow_the_weights_and_never_repeat() -> None:
    """Of weights 1/2, 1/3, 1/6 the pair (i, j) has the chance w_i w_j / (1 - w_i)."""
    weights, rng, n = [1 / 2, 1 / 3, 1 / 6], random.Random(1), 20_000
    seen = Counter(tuple(draw_indices(weights, 2, rng)) for _ in range(n))
    for i, j in permutations(range(3), 2):
        assert seen[i, j] / n == pytest.approx(weights[i] * weights[j] / (1 - weights[i]), abs=0.015)
    assert sorted(draw_indices([0.0, 1.0, 0.0], 3, rng)) == [0, 1, 2]  # also those without weight, at last


def test_the_problems_of_the_largest_advantages_are_repeated_and_the_oldest_of_equals_first() -> None:
    curriculum = plan(replay=1.0, rho=0.0, beta=0.02)
    first = [
        Outcome(problem, [], mean_abs_advantage=s)
        for problem, s in zip(PROBLEMS, [0.1, 0.9, 0.5], strict=False)
    ]
    state = curriculum.learn({}, first, "plain")
    state = curriculum.learn(state, [Outcome(PROBLEMS[3], [], mean_abs_advantage=0.9)], "plain")
    state = json.loads(json.dumps(state))  # as a checkpoint gives it back
    assert state["step"] == 2 and state["asked"] == {"p0": 0, "p1": 0, "p2": 0, "p3": 1}
    assert ids(curriculum, state, 3) == ["p1", "p3", "p2"]


def test_by_age_alone_the_longest_unasked_comes_most() -> None:
    """Asked 1, 2 and 9 steps ago, rho 1: 1/12, 2/12 and 9/12 of the first choices."""
    curriculum = plan(replay=1.0, rho=1.0)
    state = {"step": 10, "asked": {"p0": 9, "p1": 8, "p2": 1}, "score": {"p0": 9.0, "p1": 0.0, "p2": 0.0}}
    seen = Counter(ids(curriculum, state, 1, seed)[0] for seed in range(6000))
    assert [seen[f"p{i}"] / 6000 for i in range(4)] == pytest.approx([1 / 12, 1 / 6, 3 / 4, 0], abs=0.02)


def test_a_question_is_new_with_the_share_of_the_problems_not_seen() -> None:
    curriculum = plan()
    state = {"step": 1, "asked": {"p0": 0, "p1": 0}, "score": {"p0": 1.0, "p1": 1.0}}
    new = sum(ids(curriculum, state, 1, seed)[0] not in ("p0", "p1") for seed in range(3000))
    assert new / 3000 == pytest.approx(4 / 6, abs=0.03)
    assert sorted(ids(curriculum, {}, 6)) == [problem.id for problem in PROBLEMS]


def test_a_step_is_always_full() -> None:
    """Only two seen and all to be replayed, or only one new and none: the others fill up."""
    two = {"step": 1, "asked": {"p0": 0, "p1": 0}, "score": {"p0": 1.0, "p1": 1.0}}
    assert len(set(ids(plan(replay=1.0), two, 5))) == 5
    five = {"step": 1, "asked": {f"p{i}": 0 for i in range(5)}, "score": {f"p{i}": 1.0 for i in range(5)}}
    found = ids(plan(replay=0.0), five, 4)
    assert len(set(found)) == 4 and "p5" in found


def test_what_was_not_learned_from_keeps_its_score() -> None:
    state = plan().learn(
        {}, [Outcome(PROBLEMS[0], [], mean_abs_advantage=0.7), Outcome(PROBLEMS[1], [])], "plain"
    )
    state = plan().learn(state, [Outcome(PROBLEMS[0], [])], "plain")
    assert state["score"] == {"p0": 0.7, "p1": 0.0} and state["asked"] == {"p0": 1, "p1": 0}


def test_what_is_logged() -> None:
    state = {"step": 1, "asked": {"p0": 0}, "score": {"p0": 1.0}}
    chosen = plan().choose(state, choice(6))
    assert plan().stats(state, chosen) == {"curriculum/replayed": pytest.approx(1 / 6), "curriculum/seen": 6}
