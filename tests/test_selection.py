"""Selection: ten candidates worked by hand, and what must hold for any vote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.selection import STRATEGIES, is_tied, largest_clusters, scored_fraction, select

# A .20 .30 .25 .25 | B .50 .40 .35 | C .90 .10 | D .95
CLUSTERS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
SCORES = [0.20, 0.30, 0.25, 0.25, 0.50, 0.40, 0.35, 0.90, 0.10, 0.95]


def chosen(strategy: str, k: int | None = None, n: int | None = None) -> str:
    index = select(strategy, CLUSTERS, SCORES, k, n)
    assert index is not None
    return "ABCD"[CLUSTERS[index]]


def test_the_worked_example_of_the_six_strategies():
    """Sums of scores: A 1.0, B 1.25, C 1.0, D .95; the best score is D's."""
    assert chosen("majority") == "A"
    assert chosen("rerank_all") == "D"
    assert chosen("weighted") == "B"
    assert [chosen("rerank_topk", k=k) for k in (1, 2, 3, 4)] == ["A", "B", "C", "D"]
    assert [chosen("weighted_topk", k=k) for k in (1, 2, 3, 4)] == ["A", "B", "B", "B"]
    assert {n: chosen("majority_topn", n=n) for n in (1, 4, 5, 8, 10)} == {
        1: "D",
        4: "B",
        5: "B",
        8: "B",
        10: "A",
    }


def test_the_cost_is_the_share_that_an_evaluator_reads():
    """|X_K| of 10: 4, 4+3, 4+3+2, all."""
    for strategy in ("rerank_topk", "weighted_topk"):
        assert [scored_fraction(strategy, CLUSTERS, k) for k in (1, 2, 3, 4)] == [0.4, 0.7, 0.9, 1.0]
    assert scored_fraction("majority", CLUSTERS) == 0.0
    assert scored_fraction("rerank_all", CLUSTERS) == scored_fraction("weighted", CLUSTERS) == 1.0
    assert scored_fraction("rerank_topk", [0, -1, 1, 0], 1) == 0.5


def test_the_best_scored_member_of_the_winning_cluster_is_handed_in():
    assert select("majority", CLUSTERS) == 0
    assert select("majority", CLUSTERS, SCORES) == 1
    assert select("weighted", CLUSTERS, SCORES) == 4


def test_one_wild_score_does_not_carry_an_answer():
    """D stands alone and is left out. Medians times sizes: A .25 * 4 = 1.0, B .40 * 3 = 1.2, C .50 * 2 = 1.0;
    with .9 for one of A's, the sum of A would win over B's 1.25, its median not."""
    assert chosen("outlier_free") == "B"
    wild = [0.90, *SCORES[1:]]
    assert CLUSTERS[select("weighted", CLUSTERS, wild) or 0] == 0
    assert CLUSTERS[select("outlier_free", CLUSTERS, wild) or 0] == 1
    assert select("outlier_free", [0, 1], [0.2, 0.9]) == 1  # all stand alone
    assert scored_fraction("outlier_free", CLUSTERS) == 0.9
    assert scored_fraction("outlier_free", [0, 1, -1, -1]) == 0.5


def test_ties_go_to_the_first_to_appear():
    assert select("majority", [1, 0, 0, 1]) == 0
    assert select("rerank_all", [0, 1, 2], [0.5, 0.7, 0.7]) == 1
    in_turn = [0.3, 0.2, 0.1, 0.1, 0.2, 0.3]  # adds up to 0.6 and then to 0.6000000000000001 if added in turn
    assert select("weighted", [0, 0, 0, 1, 1, 1], in_turn) == 0
    assert largest_clusters([2, 1, 1, 0, 0], 2) == [1, 0]
    assert is_tied([1, 0, 0, 1]) and not is_tied([1, 0, 0]) and not is_tied([0]) and not is_tied([])


def test_candidates_without_an_answer_neither_vote_nor_win():
    assert select("majority", [-1, -1, 3]) == 2
    assert select("rerank_all", [-1, 3], [0.9, 0.1]) == 1
    assert select("majority_topn", [-1, 3], [0.9, 0.1], n=1) == 1
    assert not is_tied([-1, 3])
    for strategy in STRATEGIES:
        assert select(strategy, [-1, -1], [0.5, 0.5], k=1, n=1) is None
        assert select(strategy, [], [], k=1, n=1) is None


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (("borda", [0]), "unknown selection strategy 'borda'.*majority_topn"),
        (("weighted", [0]), "needs a score per candidate"),
        (("weighted", [0, 1], [0.5]), "1 scores for 2 candidates"),
        (("weighted", [0], [float("nan")]), "not a finite number"),
        (("rerank_topk", [0], [0.5]), "needs k >= 1, not None"),
        (("majority_topn", [0], [0.5], None, 0), "needs n >= 1, not 0"),
    ],
)
def test_a_mistaken_call_says_what_is_wrong(arguments: tuple[object, ...], complaint: str):
    with pytest.raises(ValueError, match=complaint):
        select(*arguments)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 4)), max_size=12), st.integers(1, 6))
def test_what_must_hold_for_any_vote(candidates: list[tuple[int, int]], k: int):
    clusters = [cluster for cluster, _ in candidates]
    scores = [score / 4 for _, score in candidates]
    everything = len(clusters) + 1
    same = [
        ("rerank_topk", "rerank_all", {"k": everything}),
        ("weighted_topk", "weighted", {"k": everything}),
        ("weighted_topk", "majority", {"k": 1}),
    ]
    for strategy, limit, options in same:
        assert select(strategy, clusters, scores, **options) == select(limit, clusters, scores)
    for strategy in STRATEGIES:
        index = select(strategy, clusters, scores, k=k, n=k)
        assert (index is None) == all(cluster == -1 for cluster in clusters)
        assert index is None or clusters[index] != -1
        if index is not None and strategy.endswith("_topk"):
            assert clusters[index] in largest_clusters(clusters, k)
