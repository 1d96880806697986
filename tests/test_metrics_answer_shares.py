"""How samples divide among answers: the published example, and counts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.metrics import Candidates, cost_ratio, histogram, oracle_curve, right_share, right_to_top

# A A A A B B B C C D, the truth is C
PROBLEM = Candidates([0, 0, 0, 0, 1, 1, 1, 2, 2, 3], [c == 2 for c in [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]])
WON = Candidates([0, 0, 1, -1], [True, True, False, False])


def test_the_worked_example(vectors: dict[str, Any]):
    wanted = vectors["ssft_scr"]["rerank"]
    oracles = wanted["oracles_if_truth_is_C"]
    curve = oracle_curve([PROBLEM], [1, 2, 3, 10])
    assert [curve[k] for k in (1, 2, 3, 10)] == [
        [bool(oracles[f"{name}@10"])] for name in ("Maj1", "Maj2", "Maj3", "Pass")
    ]
    assert right_share(PROBLEM) == oracles["fig4_correct_over_all"]
    assert right_to_top(PROBLEM) == oracles["fig4_correct_over_maj1"]
    for k, fraction in wanted["scored_fraction"].items():
        assert cost_ratio("rerank_topk", [PROBLEM], int(k)) == fraction


def test_the_cost_is_a_mean_over_problems():
    """The two largest clusters hold 7 of 10 and 3 of 4."""
    assert cost_ratio("weighted_topk", [PROBLEM, WON], 2) == pytest.approx((0.7 + 0.75) / 2)
    assert cost_ratio("majority", [PROBLEM, WON]) == 0
    assert cost_ratio("weighted", [PROBLEM, WON]) == 1
    with pytest.raises(ValueError, match="no problems"):
        cost_ratio("majority", [])


def test_only_lost_votes_compare_the_right_cluster_with_the_largest():
    assert right_share(WON) == 0.5
    assert right_to_top(WON) is None
    assert right_to_top(Candidates([0, 0], [False, False])) is None
    assert right_to_top(Candidates([-1], [False])) is None
    assert right_to_top(Candidates([0, 1], [False, True])) == 1.0  # a tie that the first has won
    with pytest.raises(ValueError, match="no share"):
        right_share(Candidates([], []))


def test_a_histogram_counts_every_value_once():
    """0.3 is 0.30000000000000004 - something: it belongs to the bar that begins there."""
    bars = histogram([0.0, 0.1, 0.3, 0.1 * 3, 0.99, 1.0], 10)
    assert [bar.count for bar in bars] == [1, 1, 0, 2, 0, 0, 0, 0, 0, 2]
    assert (bars[3].low, bars[3].high) == (pytest.approx(0.3), pytest.approx(0.4))
    assert [bar.count for bar in histogram([0.1, 0.9], 2, top=0.5)] == [1, 1]
    for values, bins in (([0.5], 0), ([-0.1], 2), ([float("nan")], 2)):
        with pytest.raises(ValueError, match="needs"):
            histogram(values, bins)
