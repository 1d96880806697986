"""Accuracy of the strategies: the published example, and brute force over every choice of attempts."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.metrics import (
    Candidates,
    choose_limit,
    mean_interval,
    optimistic_choice,
    rerank_at_k,
    strategy_curves,
    strategy_outcomes,
)
from numerate.metrics.rerank_accuracy import by_limit, cross_validated
from numerate.metrics.subsets import Subsets
from numerate.selection import STRATEGIES, select


def worked(vectors: dict[str, Any], truth: str) -> Candidates:
    given = vectors["ssft_scr"]["rerank"]["solutions_in_order(answer,score)"]
    return Candidates(
        ["ABCD".index(answer) for answer, _ in given],
        [answer == truth for answer, _ in given],
        [score for _, score in given],
    )


def test_the_worked_example_of_all_strategies(vectors: dict[str, Any]):
    """Every published choice is right exactly if the truth is that letter."""
    wanted = vectors["ssft_scr"]["rerank"]
    for truth in "ABCD":
        problem = [worked(vectors, truth)]
        assert strategy_outcomes("majority", problem) == [wanted["Maj1"] == truth]
        assert strategy_outcomes("rerank_all", problem) == [wanted["RR.All"] == truth]
        assert strategy_outcomes("weighted", problem) == [wanted["W.RR"] == truth]
        found = strategy_curves(problem, [10], [1, 2, 3, 4, 5, 8, 10])
        assert found["majority", 10, None] == [wanted["Maj1"] == truth]
        assert found["rerank_all", 10, None] == [wanted["RR.All"] == truth]
        assert found["weighted", 10, None] == [wanted["W.RR"] == truth]
        for name, strategy in (
            ("RR.MajK", "rerank_topk"),
            ("W.RR.MajK", "weighted_topk"),
            ("Maj1.TopN", "majority_topn"),
        ):
            for limit, letter in wanted[name].items():
                assert strategy_outcomes(strategy, problem, k=int(limit), n=int(limit)) == [letter == truth]
                assert by_limit(found, strategy, 10)[int(limit)] == [letter == truth]


CANDIDATES = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=7)


def made(pairs: list[tuple[int, int]], truth: int = 1) -> Candidates:
    return Candidates([c for c, _ in pairs], [c == truth for c, _ in pairs], [s / 4 for _, s in pairs])


@given(CANDIDATES)
def test_with_all_attempts_every_strategy_is_what_select_does(pairs: list[tuple[int, int]]):
    problem, total = made(pairs), len(pairs)
    found = strategy_curves([problem], [total], range(1, total + 1), subsets=2)
    for (strategy, _, limit), [value] in found.items():
        chosen = select(strategy, problem.clusters, problem.scores, k=limit, n=limit)
        assert value == (chosen is not None and problem.clusters[chosen] == 1), (strategy, limit)


def in_every_order(problem: Candidates, strategy: str, m: int, limit: int | None) -> float:
    """Slow and obvious: the share of all ordered choices of m attempts from which the strategy is right."""
    assert problem.scores is not None
    hits: list[bool] = []
    for order in permutations(range(len(problem.clusters)), m):
        clusters = [problem.clusters[i] for i in order]
        chosen = select(strategy, clusters, [problem.scores[i] for i in order], k=limit, n=limit)
        hits.append(chosen is not None and problem.correct[order[chosen]])
    return sum(hits) / len(hits)


@given(CANDIDATES, st.integers(1, 5))
def test_rerank_at_k_is_the_mean_over_all_choices(pairs: list[tuple[int, int]], k: int):
    problem = made(pairs[:6])
    k = min(k, len(problem.clusters))
    assert rerank_at_k(problem, k) == pytest.approx(in_every_order(problem, "rerank_all", k, None), abs=1e-12)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("m", [2, 3, 4])
def test_fewer_attempts_are_drawn_without_bias(strategy: str, m: int):
    """20,000 choices: a share is off by more than 0.015 once in 20,000 times."""
    problem = made([(0, 3), (0, 1), (1, 2), (1, 2), (2, 3), (-1, 3), (1, 0)])
    found = strategy_curves([problem], [m], [2], subsets=20_000)
    for (name, _, limit), [value] in found.items():
        if name == strategy:
            assert value == pytest.approx(in_every_order(problem, strategy, m, limit), abs=0.015)


def test_the_draws_depend_on_the_seed_and_nothing_else():
    problems = [made([(i % 3, j) for i, j in enumerate(range(8))]) for _ in range(3)]
    again = strategy_curves(iter(problems), [3], [2])
    assert strategy_curves(problems, [3], [2]) == again
    assert strategy_curves(problems, [3], [2], seed=1) != again
    assert strategy_curves(problems, [3, 8], [2])["weighted", 3, None] == again["weighted", 3, None]


def test_a_better_judge_is_worth_more_with_more_attempts():
    """Scores are the truth and noise: best-of-N climbs to where the vote never gets."""
    rng = random.Random(0)
    problems: list[Candidates] = []
    for _ in range(150):
        clusters = [0 if rng.random() < 0.3 else 1 if rng.random() < 0.6 else 2 for _ in range(16)]
        right = [cluster == 0 for cluster in clusters]
        problems.append(Candidates(clusters, right, [hit + rng.gauss(0, 0.4) for hit in right]))
    found = strategy_curves(problems, [1, 4, 16], [2])
    at = {
        m: {s: mean_interval(found[s, m, None])[0] for s in ("majority", "rerank_all", "weighted")}
        for m in (1, 4, 16)
    }
    assert at[1]["majority"] == pytest.approx(at[1]["rerank_all"])
    assert at[1]["rerank_all"] < at[4]["rerank_all"] < at[16]["rerank_all"]
    assert at[16]["rerank_all"] > 0.95 > 0.4 > at[16]["majority"]


def test_k_is_chosen_on_validation_and_the_smallest_of_equals(vectors: dict[str, Any]):
    """RR.MajK picks A, B, C, D at K = 1 .. 4, so with truth C only K = 3 is right."""
    ks = [1, 2, 3, 4]
    assert choose_limit("rerank_topk", [worked(vectors, "C")], ks).limit == 3
    both = choose_limit("weighted_topk", [worked(vectors, "B"), worked(vectors, "A")], ks)  # A B B B
    assert (both.limit, both.accuracy) == (1, 0.5)
    assert choose_limit("majority_topn", [worked(vectors, "B")], [1, 4, 5, 8, 10]).limit == 4
    assert optimistic_choice("rerank_topk", [worked(vectors, "D")], ks).accuracy == 1.0


def test_without_validation_each_half_is_measured_with_the_choice_of_the_other():
    """Limit 1 is right on the first half only, 2 on the second only: each half gets what is wrong there, and
    the optimum on the test itself would have said one half."""
    values = {1: [1.0, 1.0, 0.0, 0.0], 2: [0.0, 0.0, 1.0, 1.0]}
    half = [False, False, True, True]
    assert cross_validated(values, half) == [0.0, 0.0, 0.0, 0.0]
    assert cross_validated({1: [0.0, 0.5, 0.0, 0.5], 2: [1.0, 0.5, 1.0, 0.5]}, half) == [1.0, 0.5, 1.0, 0.5]


def test_a_mistaken_call_says_what_is_wrong(vectors: dict[str, Any]):
    problem = worked(vectors, "A")
    with pytest.raises(ValueError, match=r"no K or N: use one of rerank_topk, weighted_topk"):
        choose_limit("weighted", [problem], [1])
    with pytest.raises(ValueError, match="no problem or no limit"):
        choose_limit("rerank_topk", [], [1])
    with pytest.raises(ValueError, match="problem 0 has 10 samples, fewer than 11"):
        strategy_curves([problem], [11], [1])
    with pytest.raises(ValueError, match="problem 0 has no scores"):
        strategy_curves([Candidates([0], [True])], [1], [1])
    with pytest.raises(ValueError, match="0 of 10 samples"):
        Subsets(problem, 2, (0,)).topk("rerank_topk", 0, [1])
    with pytest.raises(ValueError, match="1 cluster ids and 2 verdicts"):
        Candidates([0], [True, False])
    with pytest.raises(ValueError, match="2 scores for 1 samples"):
        Candidates([0], [True], [0.5, 0.5])
    with pytest.raises(ValueError, match="not a finite number"):
        Candidates([0], [True], [float("nan")])
    assert strategy_curves([Candidates([-1, -1], [False, False], [1, 1])], [1, 2], [1])[
        "weighted", 2, None
    ] == [0.0]
