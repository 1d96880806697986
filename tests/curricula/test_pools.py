"""Which pool a problem is in, and what a step takes from each."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from numerate.curricula import CurriculumChoice, Outcome, Pools
from numerate.curricula.pools import Pool, draw_problems, pool_of, sorted_out
from numerate.types import Problem

PROBLEMS = [Problem(f"p{i}", "?", "1") for i in range(8)]


def plan(**options: Any) -> Pools:
    return Pools(kind="pools", **options)


def test_the_pool_follows_the_share_of_right_attempts() -> None:
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    assert [pool_of(s, 1.0, 0.0) for s in shares] == ["hard", "middle", "middle", "middle", "easy"]
    assert [pool_of(s, 0.75, 0.25) for s in shares] == ["hard", "hard", "middle", "easy", "easy"]


def test_problems_move_between_pools_and_ungraded_ones_stay() -> None:
    curriculum = plan()
    state = curriculum.learn({}, [Outcome(PROBLEMS[0], [True] * 2), Outcome(PROBLEMS[1], [])], "plain")
    state = curriculum.learn(state, [Outcome(PROBLEMS[2], [True, False])], "plain")
    assert json.loads(json.dumps(state)) == {"pool": {"p0": "easy", "p2": "middle"}}
    state = curriculum.learn(state, [Outcome(PROBLEMS[0], [False] * 2)], "plain")
    assert state["pool"]["p0"] == "hard"
    assert [p.id for p in sorted_out(PROBLEMS, state["pool"])["new"]] == ["p1", "p3", "p4", "p5", "p6", "p7"]


def test_questions_come_from_the_pools_by_their_weights() -> None:
    """The first of each step: new 4 of 8, middle 2, easy 1, hard 1."""
    known: dict[str, Pool] = {"p0": "easy", "p1": "hard", "p2": "middle", "p3": "middle"}
    pools = sorted_out(PROBLEMS, known)
    weights: dict[Pool, float] = {"new": 4.0, "middle": 2.0, "hard": 1.0, "easy": 1.0}
    seen = Counter(
        known.get(draw_problems(pools, weights, 1, random.Random(i))[0].id, "new") for i in range(8000)
    )
    assert [seen[pool] / 8000 for pool in weights] == pytest.approx([0.5, 0.25, 0.125, 0.125], abs=0.02)


def test_an_empty_pools_places_go_to_the_others_and_no_problem_comes_twice() -> None:
    pools = sorted_out(PROBLEMS, {"p0": "easy", "p1": "hard"})
    weights: dict[Pool, float] = {"new": 0.0, "middle": 5.0, "hard": 1.0, "easy": 0.0}
    found = [problem.id for problem in draw_problems(pools, weights, 8, random.Random(0))]
    assert found[0] == "p1"  # the only one with weight and a problem
    assert sorted(found) == [problem.id for problem in PROBLEMS]


def test_a_step_asks_what_the_pools_give_and_says_so() -> None:
    curriculum = plan(shares={"new": 0, "middle": 1, "hard": 0, "easy": 0})
    state = {"pool": {"p3": "middle", "p5": "middle", "p6": "easy"}}
    chosen = curriculum.choose(state, CurriculumChoice(PROBLEMS, [], 2, "plain", random.Random(3)))
    assert {question.problem.id for question in chosen} == {"p3", "p5"}
    told = {"curriculum/new": 0, "curriculum/middle": 1, "curriculum/hard": 0, "curriculum/easy": 0}
    assert curriculum.stats(state, chosen) == told


def test_pools_without_a_middle_are_refused() -> None:
    with pytest.raises(ValueError, match="set hard below easy"):
        plan(easy=0.5, hard=0.5)
