"""Clusters of equal answers, over which votes are counted."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from numerate.answers import cluster

POOL = [
    "1/2", "0.5", "\\frac12", "50%", "50", "x+1", "1+x", "\\sqrt8", "2\\sqrt2", "2.8284271247461903", "(1,2)",
    "( 1, 2 )", "0.3333333333333", "1/3", "no solution", "No solutions", "", "nan", None, "7 cm", "7", "x=7",
]  # fmt: skip


def test_equal_answers_share_a_number_and_none_gets_minus_one() -> None:
    assert cluster(["5", None, "5.0", "6", "", "\\boxed{5}", "x=6"]) == [0, -1, 0, 1, -1, 0, 1]


def test_a_percent_sign_does_not_join_fifty_and_one_half() -> None:
    assert cluster(["50", "50%", "0.5"]) == [0, 0, 1]


def test_choices_cluster_by_letter() -> None:
    assert cluster(["(B)", "b", "B. 12", "C"], kind="choice") == [0, 0, 0, 1]


@given(st.lists(st.sampled_from(POOL), max_size=14), st.integers())
def test_the_order_of_samples_decides_the_numbering_only(answers: list[str | None], seed: int) -> None:
    order = list(range(len(answers)))
    random.Random(seed).shuffle(order)
    here, there = cluster(answers), cluster([answers[k] for k in order])
    for a, i in enumerate(order):
        for b, j in enumerate(order):
            assert (here[i] == here[j]) == (there[a] == there[b])
    seen = [c for c in here if c >= 0]
    assert list(dict.fromkeys(seen)) == list(range(len(set(seen))))
