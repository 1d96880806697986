"""Metrics of the attempts at one problem: worked by hand, and against brute force over all choices."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerate.answers import cluster
from numerate.metrics import diversity, maj_at_k, majk, pass_at_k
from numerate.selection import is_tied, select

# A A A A B B B C C D, the truth is C
CLUSTERS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
RIGHT = [cluster == 2 for cluster in CLUSTERS]


def test_pass_at_k_of_96_attempts():
    """c = 3, k = 10: 1 - (86 * 85 * 84) / (96 * 95 * 94) = 1 - 614040 / 857280 = 0.283734602."""
    assert pass_at_k(96, 3, 1) == 3 / 96
    assert pass_at_k(96, 3, 10) == pytest.approx(0.283734602, abs=1e-9)
    assert pass_at_k(96, 0, 96) == 0.0
    assert pass_at_k(96, 1, 96) == 1.0
    assert pass_at_k(5, 3, 3) == 1.0  # only two are wrong


def test_pass_at_k_of_the_vectors(vectors: dict[str, Any]):
    for asked, value in vectors["havrilla"]["pass_at_k_unbiased"].items():
        n, c, k = (int(part.partition("=")[2]) for part in asked.split(","))
        assert pass_at_k(n, c, k) == pytest.approx(value, abs=1e-9)


def test_a_tied_vote_goes_to_the_answer_seen_first(vectors: dict[str, Any]):
    """5 5 7 7 7 9, no answer, 5: three votes each."""
    case = vectors["havrilla"]["metrics"]
    clusters = cluster([answer or None for answer in case["answers"]], "number")
    right = [answer == case["truth"] for answer in case["answers"]]
    assert is_tied(clusters) and case["answers"][select("majority", clusters) or 0] == case["truth"]
    assert maj_at_k(clusters, right, 8) == 1.0  # all eight, in their order
    assert pass_at_k(8, sum(right), 8) == case["pass"]
    assert case["answers"][0] == case["maj1_greedy"]


@pytest.mark.parametrize("c", range(7))
@pytest.mark.parametrize("k", range(1, 7))
def test_pass_at_k_is_the_share_of_all_choices_with_a_right_one(c: int, k: int):
    right = [i < c for i in range(6)]
    choices = list(combinations(right, k))
    assert pass_at_k(6, c, k) == sum(map(any, choices)) / len(choices)


def test_pass_at_k_stays_exact_where_products_of_floats_cancel():
    """One right of 10^5: k/n whatever k is; 3 right, half drawn: 1 - (50000 * 49999 * 49998) / (10^5 *
    99999 * 99998)."""
    assert pass_at_k(100_000, 1, 7) == 7 / 100_000
    assert pass_at_k(100_000, 3, 50_000) == float(
        1 - Fraction(50_000 * 49_999 * 49_998, 100_000 * 99_999 * 99_998)
    )


@pytest.mark.parametrize("n, c, k", [(4, 5, 1), (4, -1, 1), (4, 2, 0), (4, 2, 5)])
def test_pass_at_k_refuses_what_cannot_be(n: int, c: int, k: int):
    with pytest.raises(ValueError, match="needs 0 <= c <= n and 1 <= k <= n"):
        pass_at_k(n, c, k)


def test_the_oracle_over_clusters_of_the_worked_example():
    assert [majk(CLUSTERS, RIGHT, k) for k in (1, 2, 3, 4)] == [False, False, True, True]
    assert not majk([-1, -1], [False, False], 5)
    assert majk([-1, -1, 0], [False, False, True], 1)


def test_the_vote_of_all_attempts_breaks_ties_by_appearance():
    """5 5 7 7 7 9 - 5: three fives and three sevens, and five came first."""
    answers = ["5", "5", "7", "7", "7", "9", None, "5"]
    clusters = [0, 0, 1, 1, 1, 2, -1, 0]
    assert maj_at_k(clusters, [a == "5" for a in answers], 8) == 1.0
    assert maj_at_k(clusters, [a == "7" for a in answers], 8) == 0.0


def test_maj_at_k_by_hand():
    """A A B, A right. One draw: 2/3. Two draws: AA (1/3) wins; A and B (2/3) tie: the first decides."""
    assert maj_at_k([0, 0, 1], [True, True, False], 1) == pytest.approx(2 / 3)
    assert maj_at_k([0, 0, 1], [True, True, False], 2) == pytest.approx(1 / 3 + 2 / 3 / 2)
    # A and two attempts without answer: a draw of two misses A once in three
    assert maj_at_k([0, -1, -1], [True, False, False], 2) == pytest.approx(2 / 3)
    assert maj_at_k([0, 0, 0], [True] * 3, 2) == 1.0
    assert maj_at_k([0, 0, 1], [False] * 3, 2) == 0.0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-1, 3), min_size=2, max_size=6), st.sets(st.integers(0, 3)), st.data())
def test_maj_at_k_is_the_mean_over_all_ordered_choices(
    clusters: list[int], true: set[int], data: st.DataObject
):
    """Also with several right clusters, which a grader that is not transitive can give."""
    k = data.draw(st.integers(1, len(clusters) - 1))
    votes = [majk(drawn, [c in true for c in drawn], 1) for drawn in permutations(clusters, k)]
    assert maj_at_k(clusters, [c in true for c in clusters], k) == pytest.approx(
        sum(votes) / len(votes), abs=1e-12
    )


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, -1]), min_size=40, max_size=96),
    st.integers(1, 39),
)
def test_all_clusters_and_the_empty_vote_share_the_chance_among_them(clusters: list[int], k: int):
    """Over the clusters, each taken as the right one, the chances sum to that of any vote at all."""
    n, silent = len(clusters), clusters.count(-1)
    chances = [maj_at_k(clusters, [c == right for c in clusters], k) for right in set(clusters) - {-1}]
    nobody = 1 - pass_at_k(n, n - silent, k)
    assert sum(chances) == pytest.approx(1 - nobody, abs=1e-10)


def test_more_votes_help_the_largest_cluster_and_hurt_the_others():
    clusters = [0] * 500 + [1] * 300 + list(range(2, 202))
    largest = [maj_at_k(clusters, [c == 0 for c in clusters], k) for k in (1, 10, 100, 999)]
    second = [maj_at_k(clusters, [c == 1 for c in clusters], k) for k in (1, 10, 100, 999)]
    assert largest == sorted(largest) and largest[0] == 0.5 and largest[-1] == pytest.approx(1.0)
    assert second == sorted(second, reverse=True) and second[0] == 0.3 and second[-1] == pytest.approx(0.0)


def test_attempts_and_verdicts_must_match():
    with pytest.raises(ValueError, match="2 cluster ids and 1 verdicts"):
        maj_at_k([0, 1], [True], 1)
    with pytest.raises(ValueError, match="maj@3 of 2 samples"):
        maj_at_k([0, 1], [True, False], 3)
    with pytest.raises(ValueError, match="needs k >= 1"):
        majk([0], [True], 0)


def test_diversity_counts_texts_and_traces_also_of_the_right_ones():
    solutions = [
        "2*3=<<2*3=6>>6\n#### 6",
        "2*3=<<2*3=6>>6\n#### 6\n",
        "So 2*3=<<2 * 3=6>>6\n#### 6",
        "3*2=<<3*2=6>>6\n#### 6",
        "2+3=<<2+3=5>>5\n#### 5",
    ]
    assert diversity(solutions) == {"exact": 4, "trace": 3}
    assert diversity(solutions, [True, True, True, True, False]) == {"exact": 3, "trace": 2}
    assert diversity([]) == {"exact": 0, "trace": 0}


def test_diversity_of_the_vectors(vectors: dict[str, Any]):
    """Of the three right ones two are the same text; the third does the same sum the other way round."""
    case, samples = vectors["havrilla"]["diversity"], vectors["havrilla"]["ei_filter"]["samples"]
    found = diversity([text for text, _ in samples], [bool(reward) for _, reward in samples])
    assert found["exact"] == case["exact_unique_of_3_correct"]
    assert found["trace"] == case["trace_unique_of_3_correct"]
