"""Metrics of judges: worked by hand, and against slow obvious versions."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.metrics import (
    auc,
    auc_interval,
    auc_within,
    brier,
    by_position,
    choose_threshold,
    ece,
    first_error,
    first_error_f1,
    reliability,
    roc,
)

SCORES = [0.9, 0.8, 0.8, 0.6, 0.3, 0.1]
LABELS = [True, True, False, True, False, False]


def pairs(scores: list[float], labels: list[bool]) -> float:
    """Slow and obvious: over all pairs of a right and a wrong one, 1 if it scores higher, 1/2 if the same."""
    wins = [
        (a > b) + (a == b) / 2
        for a, x in zip(scores, labels, strict=True)
        for b, y in zip(scores, labels, strict=True)
        if x and not y
    ]
    return sum(wins) / len(wins)


def test_the_area_by_hand():
    """Right .9 .8 .6, wrong .8 .3 .1: 3 + 2.5 + 2 of 9 pairs."""
    assert auc(SCORES, LABELS) == pytest.approx(7.5 / 9)
    assert auc([0.5] * 4, [True, False, True, False]) == 0.5
    assert auc([0.1, 0.9], [True, False]) == 0.0


SCORED = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=20).filter(
    lambda found: len({label for _, label in found}) == 2
)


@given(SCORED)
def test_the_area_is_what_counting_pairs_gives_and_what_lies_under_the_curve(found: list[tuple[int, bool]]):
    scores, labels = [float(s) for s, _ in found], [label for _, label in found]
    assert auc(scores, labels) == pytest.approx(pairs(scores, labels))
    points = roc(scores, labels)
    under = sum(
        (b.false_positives - a.false_positives) * (b.true_positives + a.true_positives) / 2
        for a, b in pairwise(points)
    )
    assert under == pytest.approx(auc(scores, labels))


def test_the_area_within_problems_by_hand():
    """a: right .9 .2, wrong .5 .5: 1/2. b: right .4, wrong .4 .1 .1: (1/2 + 1 + 1) / 3 = 5/6. c: all right,
    d: all wrong, of which nothing can be said. The mean is 2/3; weighted by pairs it would be 9/14."""
    found = {"a": [(0.9, 1), (0.5, 0), (0.2, 1), (0.5, 0)], "b": [(0.4, 1), (0.4, 0), (0.1, 0), (0.1, 0)]}
    found |= {"c": [(0.99, 1), (0.98, 1)], "d": [(0.01, 0)]}
    flat = [(score, bool(label), name) for name, pairs in found.items() for score, label in pairs]
    random.Random(0).shuffle(flat)
    area = auc_within([s for s, _, _ in flat], [hit for _, hit, _ in flat], [name for _, _, name in flat])
    assert area.value == pytest.approx(2 / 3)
    assert (area.low, area.high, area.n) == (pytest.approx(1 / 2), pytest.approx(5 / 6), 2)


def test_knowing_which_problems_are_hard_is_nothing_within_them():
    """Scores that only say how hard a problem is: an area of .8 over all, exactly .5 within."""
    rng = random.Random(1)
    rows = [(p / 100, rng.random() < p / 100, p) for p in range(100) for _ in range(8)]
    scores, labels, members = [s for s, _, _ in rows], [hit for _, hit, _ in rows], [p for _, _, p in rows]
    assert auc(scores, labels) > 0.8
    area = auc_within(scores, labels, members)
    assert (area.value, area.low, area.high) == (0.5, 0.5, 0.5) and 60 < area.n < 100


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3)), min_size=2, max_size=24))
def test_the_area_within_is_counted_pair_by_pair(rows: list[tuple[int, bool, int]]):
    areas = []
    for problem in {p for _, _, p in rows}:
        right = [s for s, hit, p in rows if p == problem and hit]
        wrong = [s for s, hit, p in rows if p == problem and not hit]
        if right and wrong:
            wins = sum((a > b) + (a == b) / 2 for a in right for b in wrong)
            areas.append(wins / len(right) / len(wrong))
    given_ = [float(s) for s, _, _ in rows], [hit for _, hit, _ in rows], [p for _, _, p in rows]
    if not areas:
        with pytest.raises(ValueError, match=r"all labels are the same|no problem has both"):
            auc_within(*given_)
    else:
        found = auc_within(*given_, resamples=20)
        assert found.value == pytest.approx(sum(areas) / len(areas)) and found.n == len(areas)
        assert found.low <= found.value <= found.high
        if len(areas) == 1:
            assert (found.low, found.high) == (0.0, 1.0)


def test_the_curve_by_hand():
    """Thresholds .9, .8 (a right and a wrong one at once), .6, .3, .1."""
    points = [(p.threshold, p.false_positives, p.true_positives) for p in roc(SCORES, LABELS)]
    third = pytest.approx(1 / 3)
    assert points == [
        (math.inf, 0, 0),
        (0.9, 0, third),
        (0.8, third, pytest.approx(2 / 3)),
        (0.6, third, 1),
        (0.3, pytest.approx(2 / 3), 1),
        (0.1, 1, 1),
    ]


def delong(scores: list[float], labels: list[bool]) -> float:
    """Standard error by DeLong, DeLong and Clarke-Pearson 1988, from the pairs themselves."""
    right = [s for s, hit in zip(scores, labels, strict=True) if hit]
    wrong = [s for s, hit in zip(scores, labels, strict=True) if not hit]
    win = [[(a > b) + (a == b) / 2 for b in wrong] for a in right]
    value = sum(map(sum, win)) / len(right) / len(wrong)
    v10 = [sum(row) / len(wrong) for row in win]
    v01 = [sum(column) / len(right) for column in zip(*win, strict=True)]
    s10 = sum((v - value) ** 2 for v in v10) / (len(right) - 1)
    s01 = sum((v - value) ** 2 for v in v01) / (len(wrong) - 1)
    return math.sqrt(s10 / len(right) + s01 / len(wrong))


def noisy(n: int) -> tuple[list[float], list[bool]]:
    rng = random.Random(3)
    labels = [rng.random() < 0.5 for _ in range(n)]
    return [rng.gauss(float(label), 1.0) for label in labels], labels


def test_one_solution_per_problem_gives_about_the_interval_of_delong():
    scores, labels = noisy(300)
    found = auc_interval(scores, labels, range(300))
    assert found.value == auc(scores, labels)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(delong(scores, labels), rel=0.08)


def test_copies_of_a_solution_do_not_narrow_the_interval():
    scores, labels = noisy(100)
    once = auc_interval(scores, labels, range(100))
    copied = auc_interval(scores * 5, labels * 5, [*range(100)] * 5)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    naive = auc_interval(scores * 5, labels * 5, range(500))
    assert naive.high - naive.low < 0.6 * (once.high - once.low)


def test_reliability_by_hand():
    """Width: .1 .15 | .6 .65 .65 | 1; mass, three bins of two: .1 .15 | .6 .65 .65 | 1 as equal ones stay
    together with the first."""
    scores, labels = [0.65, 0.1, 0.15, 0.6, 0.65, 1.0], [True, False, False, True, False, True]
    found = reliability(scores, labels, 10)
    assert [(round(b.score, 6), b.right, b.n) for b in found] == [
        (0.125, 0.0, 2),
        (0.633333, pytest.approx(2 / 3), 3),
        (1.0, 1.0, 1),
    ]
    mass = reliability(scores, labels, 3, "mass")
    assert [(round(b.score, 6), b.n) for b in mass] == [(0.125, 2), (0.633333, 3), (1.0, 1)]
    assert all(b.low <= b.right <= b.high for b in found)
    gap = (2 * 0.125 + 3 * (2 / 3 - 1.9 / 3) + 0) / 6
    assert ece(scores, labels, 10) == pytest.approx(gap)
    assert ece(scores, labels, 1) == pytest.approx(abs(0.5 - 3.15 / 6))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 12))
def test_every_score_is_in_one_bin(found: list[tuple[float, bool]], bins: int):
    scores, labels = [s for s, _ in found], [label for _, label in found]
    for equal in ("width", "mass"):
        points = reliability(scores, labels, bins, equal)
        assert sum(b.n for b in points) == len(scores) and len(points) <= bins
        assert sum(b.n * b.score for b in points) == pytest.approx(sum(scores), abs=1e-9)
        assert sum(b.n * b.right for b in points) == pytest.approx(sum(labels), abs=1e-9)
        assert 0 <= ece(scores, labels, bins, equal) <= 1


def test_bins_of_equal_mass_hold_equally_many():
    scores = [i / 1000 for i in range(100)]
    assert [b.n for b in reliability(scores, [True] * 100, 8, "mass")] == [13, 12, 13, 12, 13, 12, 13, 12]
    assert len(reliability(scores, [True] * 100, 8)) == 1


def test_brier_by_hand():
    assert brier([0.5, 0.5], [True, False]) == 0.25
    assert brier([0.9, 0.2], [True, True]) == pytest.approx((0.01 + 0.64) / 2)


def test_f1_of_first_errors_by_hand():
    """Of three wrong ones the first is found, of two right ones one is left alone: 2 (1/3)(1/2) / (5/6)."""
    found = first_error_f1([2, 0, -1, -1, 3], [2, 1, 0, -1, -1])
    assert (found.erroneous, found.correct) == (pytest.approx(1 / 3), 0.5)
    assert (found.f1, found.n_erroneous, found.n_correct) == (pytest.approx(0.4), 3, 2)
    assert first_error_f1([-1, -1], [0, -1]).f1 == 0  # calling nothing wrong pays nothing
    assert first_error_f1([-1, 0], [0, -1]).f1 == 0
    assert first_error([0.9, 0.4, 0.1], 0.5) == 1
    assert first_error([0.9, 0.5], 0.5) == -1


STEPS = st.lists(
    st.tuples(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(-1, 3)),
    min_size=1,
    max_size=12,
).filter(lambda found: {label == -1 for _, label in found} == {True, False})


@given(STEPS)
def test_the_threshold_is_the_best_of_all(found: list[tuple[list[int], int]]):
    scores = [[s / 4 for s in each] for each, _ in found]
    labels = [min(label, len(each) - 1) for each, label in found]

    def f1(threshold: float) -> float:
        return first_error_f1([first_error(each, threshold) for each in scores], labels).f1

    tried = sorted({s for each in scores for s in each})
    assert f1(choose_threshold(scores, labels)) == pytest.approx(max(map(f1, tried)))


def test_precision_and_recall_by_position():
    """First steps: one called wrong, rightly, and one missed. Second: two called wrong, one rightly. The
    third has no label."""
    scores = [[0.1, 0.2, 0.1], [0.9, 0.3], [0.8, 0.9]]
    labels = [[False, True, None], [False, False], [True, True]]
    first, second = by_position(scores, labels, 0.5)
    assert (first.position, first.precision, first.recall, first.n, first.wrong) == (0, 1.0, 0.5, 3, 2)
    assert (second.position, second.precision, second.recall, second.n, second.wrong) == (1, 0.5, 1.0, 3, 1)
    [none] = by_position([[0.9]], [[True]], 0.5)
    assert none.precision is None and none.recall is None
    with pytest.raises(ValueError, match="solution 0 has 1 scores for 2 steps"):
        by_position([[0.5]], [[True, False]], 0.5)


def test_a_mistaken_call_says_what_is_wrong():
    for call in (auc, brier, ece):
        with pytest.raises(ValueError, match="1 scores and 2 labels"):
            call([0.5], [True, False])
    with pytest.raises(ValueError, match="all labels are the same"):
        roc([0.5, 0.6], [True, True])
    with pytest.raises(ValueError, match="not a finite number"):
        auc([0.5, math.inf], [True, False])
    with pytest.raises(ValueError, match="1 problems for 2 scores"):
        auc_interval([0.5, 0.6], [True, False], ["a"])
    with pytest.raises(ValueError, match="not a probability"):
        reliability([1.5], [True])
    with pytest.raises(ValueError, match="equal 'size'"):
        reliability([0.5], [True], 10, "size")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="with an error and solutions without"):
        first_error_f1([0], [0])
