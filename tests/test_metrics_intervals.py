"""Intervals and paired tests: published and hand-worked numbers, and what must hold for any input."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerate.metrics import Share, accuracy_by, mcnemar, mean_interval, paired_bootstrap, paired_test, wilson

bits = st.lists(st.booleans(), min_size=1, max_size=40)


def test_wilson_of_two_models_on_gsm8k():
    assert wilson(83, 1319) == pytest.approx((0.051048565, 0.077342829), abs=1e-9)
    assert wilson(85, 1319) == pytest.approx((0.052415554, 0.078999634), abs=1e-9)


def test_wilson_at_the_ends_by_hand():
    """0 of n: high = z^2 / (n + z^2), with z = 1.96 and n = 10: 3.8415 / 13.8415 = 0.2775."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((1 - 0.2775, 1.0), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.5, 0.95, 0.999]))
def test_wilson_holds_the_share_and_mirrors(n: int, share: float, confidence: float):
    hits = round(share * n)
    low, high = wilson(hits, n, confidence)
    assert 0 <= low <= hits / n <= high <= 1
    assert wilson(n - hits, n, confidence) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    "arguments, complaint",
    [((5, 4), "0 <= successes <= n"), ((-1, 4), "successes"), ((1, 4, 95), "such as 0.95")],
)
def test_wilson_refuses_what_cannot_be(arguments: tuple[float, ...], complaint: str):
    with pytest.raises(ValueError, match=complaint):
        wilson(*arguments)  # type: ignore[arg-type]


def test_the_bootstrap_interval_of_a_mean_agrees_with_the_normal_one_on_many_values():
    """0 .. 9 forty times over: sd sqrt(8.25), n 400, so 4.5 +- 1.96 * 2.8723 / 20 = 4.5 +- 0.2815."""
    mean, low, high = mean_interval([float(i % 10) for i in range(400)])
    assert mean == 4.5
    assert (low, high) == pytest.approx((4.5 - 0.2815, 4.5 + 0.2815), abs=0.015)


def test_the_bootstrap_resamples_every_value_equally_often():
    """Two problems, 0 and 1: the mean of two draws is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4."""
    _, low, high = mean_interval([0.0, 1.0], confidence=0.45)
    assert (low, high) == (0.5, 0.5)
    _, low, high = mean_interval([0.0, 1.0], confidence=0.55)
    assert (low, high) == (0.0, 1.0)


def test_the_same_values_give_the_same_interval_in_any_order_and_another_seed_another_one():
    values = [i / 7 for i in range(30)]
    assert mean_interval(values) == pytest.approx(mean_interval(values[::-1]), abs=0)
    assert mean_interval(values) != mean_interval(values, seed=1)
    assert mean_interval([0.25] * 9) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize("values", [[], [0.5, float("nan")]])
def test_there_is_no_mean_of_nothing_or_of_nan(values: list[float]):
    with pytest.raises(ValueError, match=r"no values to average|not finite"):
        mean_interval(values)


def test_pairing_sees_what_two_separate_intervals_hide():
    """500 of 1,000 problems, and the same plus 20: the gap is 0.02 and its sd sqrt(.02 * .98 / 1000)."""
    b = [1.0] * 500 + [0.0] * 500
    a = [1.0] * 520 + [0.0] * 480
    found = paired_bootstrap(a, b)
    assert found.value == pytest.approx(0.02)
    half = 1.96 * sqrt(0.02 * 0.98 / 1000)
    assert (found.low, found.high) == pytest.approx((0.02 - half, 0.02 + half), abs=0.002)
    assert found.p == 2 / 10_001  # no resample of 10,000 is at 0 or below
    assert wilson(500, 1000)[1] > 0.52


def test_equal_models_do_not_differ():
    assert paired_bootstrap([1.0, 0.0], [1.0, 0.0]).p == 1.0
    balanced = paired_bootstrap([1.0, 0.0] * 50, [0.0, 1.0] * 50)
    assert balanced.value == 0.0 and balanced.p > 0.9


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_p_and_interval_tell_the_same(pairs: list[tuple[bool, bool]]):
    a, b = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    one, other = paired_bootstrap(a, b, resamples=2000), paired_bootstrap(b, a, resamples=2000)
    assert one.low <= one.value <= one.high and one.value == -other.value
    if one.low > 0 or one.high < 0:
        assert one.p <= 0.06
    if one.p < 0.04:
        assert one.low >= 0 or one.high <= 0


def test_mcnemar_by_hand():
    """5 problems only a has, 1 only b: p = 2 * (C(6,0) + C(6,1)) / 2^6 = 14 / 64."""
    a = [True] * 5 + [False] + [True] * 10 + [False] * 10
    b = [False] * 5 + [True] + [True] * 10 + [False] * 10
    found = mcnemar(a, b)
    assert (found.only_a, found.only_b, found.p) == (5, 1, 0.21875)
    assert mcnemar(b, a).p == 0.21875
    assert mcnemar([True, False], [False, True]).p == 1.0
    assert mcnemar([True], [True]).p == 1.0


def test_right_or_wrong_answers_are_tested_exactly_and_other_values_by_resampling():
    """Three of four pairs differ, all in one direction: p = 2 / 2^3."""
    a, b = [1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]
    assert paired_bootstrap(a, b).p < 0.05
    exact, resampled = paired_test(a, b), paired_bootstrap(a, b)
    assert (exact.value, exact.p) == (0.75, 0.25)
    assert (exact.low, exact.high) == (resampled.low, resampled.high)
    assert paired_test(b, a).p == 0.25
    shares = [0.5, 1.0, 1.0, 0.0]
    assert paired_test(shares, b) == paired_bootstrap(shares, b)
    with pytest.raises(ValueError, match="share no problem"):
        paired_test([], [])


def test_mcnemar_holds_for_many_problems():
    """All of 2,000 discordant pairs on one side: 2 / 2^2000 = 2^-1999 underflows to 0 without an error."""
    assert mcnemar([True] * 2000, [False] * 2000).p == 0.0
    assert mcnemar([True] * 1000, [False] * 1000).p == 2.0**-999


def test_models_are_compared_on_the_same_problems_only():
    with pytest.raises(ValueError, match="2 values of a and 1 of b"):
        paired_bootstrap([1.0, 0.0], [1.0])
    with pytest.raises(ValueError, match="share no problem"):
        paired_bootstrap([], [])
    with pytest.raises(ValueError, match="not finite"):
        paired_bootstrap([float("inf")], [1.0])
    with pytest.raises(ValueError, match="2 verdicts on a and 1 on b"):
        mcnemar([True, False], [True])


def test_a_breakdown_is_sorted_and_counts_its_own_problems():
    found = accuracy_by([True, False, True, True], [10, 2, 2, 10])
    assert found == {2: Share(0.5, *wilson(1, 2), 2), 10: Share(1.0, *wilson(2, 2), 2)}
    assert list(found) == [2, 10]
    assert list(accuracy_by([True, True, False], ["b", 3, "a"])) == [3, "a", "b"]
    with pytest.raises(ValueError, match="1 values and 2 keys"):
        accuracy_by([True], ["a", "b"])


@given(bits, st.data())
def test_the_parts_of_a_breakdown_add_up(values: list[bool], data: st.DataObject):
    keys = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    found = accuracy_by(values, keys).values()
    assert sum(share.n for share in found) == len(values)
    assert sum(share.value * share.n for share in found) == pytest.approx(sum(values))
