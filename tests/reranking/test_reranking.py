"""Rows of selection: numbers by hand on written-down attempts, and stand-in judges on stories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from numerate.judges.oracle import Oracle
from numerate.metrics.rerank_accuracy import LIMITED
from numerate.reranking import (
    cluster_rows,
    cross_table,
    judged_groups,
    labels_of,
    scored_by,
    selection_results,
    step_results,
)
from numerate.types import Group, Problem, Reward, Rollout, Scored, StepScores
from tests.reranking import made

Row = dict[str, Any]


def group(name: str, answers: Sequence[str | None], truth: str) -> Group:
    problem = Problem(name, "?", truth, kind="number")
    return Group(
        problem,
        tuple(
            Scored(Rollout(name, i, (), "stop", answer), Reward(float(answer == truth)))
            for i, answer in enumerate(answers)
        ),
    )


# the truth is 2 in all of them: the vote wins, loses 1 to 2 against it, and never had it
HAND = [
    group("a", ["2", "2", "1", "3"], "2"),
    group("b", ["1", "1", "2", None], "2"),
    group("c", ["1", "3", "1", None], "2"),
]
GOOD = {
    ("a", 0): [0.9], ("a", 1): [0.8], ("a", 2): [0.2], ("a", 3): [0.1],
    ("b", 0): [0.1], ("b", 1): [0.2], ("b", 2): [0.7], ("b", 3): [0.9],
    ("c", 0): [0.3], ("c", 1): [0.4], ("c", 2): [0.2], ("c", 3): [0.6],
}  # fmt: skip


def at(rows: Sequence[Row], metric: str, k: int = 1, **more: Any) -> Row:
    found = [
        row
        for row in rows
        if row["metric"] == metric
        and row["k"] == k
        and all(row.get(key) == value for key, value in more.items())
    ]
    assert len(found) == 1, (metric, k, found)
    return found[0]


def test_what_the_votes_say_by_hand():
    """Largest clusters: 2 of 4, 2 of 4, 2 of 4; the two largest 3, 3, 3; all 4, 3, 3."""
    rows = cluster_rows(HAND)
    assert at(rows, "majk_at_n", 1)["value"] == pytest.approx(1 / 3)
    assert at(rows, "majk_at_n", 2)["value"] == at(rows, "majk_at_n", 4)["value"] == pytest.approx(2 / 3)
    assert at(rows, "scored_share", 1)["value"] == pytest.approx(1 / 2)
    assert at(rows, "scored_share", 2)["value"] == pytest.approx(3 / 4)
    assert at(rows, "scored_share", 4)["value"] == pytest.approx((4 + 3 + 3) / 12)
    bars = {row["group"]: row["value"] for row in rows if row["metric"] == "right_share"}
    third = pytest.approx(1 / 3)
    assert len(bars) == 10
    assert {name: value for name, value in bars.items() if value} == {
        "0-10%": third, "20-30%": third, "50-60%": third
    }  # fmt: skip
    lost = {row["group"]: row["value"] for row in rows if row["metric"] == "right_share_lost"}
    assert [name for name, value in lost.items() if value] == ["25-30%"]
    ratio = {row["group"]: row["value"] for row in rows if row["metric"] == "right_to_top"}
    assert [name for name, value in ratio.items() if value] == ["50-60%"]


def test_every_strategy_by_hand():
    """With all four: RR.All is right on a and b (the unanswered .9 of b is not chosen), W.RR too, b by 0.7
    against 0.3; the vote on a only. With one attempt each is the share of right ones, 2/4 and 1/4."""
    rows = selection_results(HAND, GOOD, judge="good", validation=(HAND, GOOD))
    assert {row["judge"] for row in rows} == {"good"}
    for strategy in ("rerank_all", "weighted"):
        assert at(rows, f"{strategy}_at_k", 4)["value"] == pytest.approx(2 / 3)
    for strategy in ("rerank_all", *LIMITED):
        assert at(rows, f"{strategy}_at_k", 1)["value"] == pytest.approx((2 / 4 + 1 / 4) / 3, abs=0.06)
    assert at(rows, "rerank_topk_by_limit", 1)["value"] == pytest.approx(1 / 3)
    assert at(rows, "rerank_topk_by_limit", 2)["value"] == pytest.approx(2 / 3)
    chosen, top = at(rows, "rerank_topk_at_k", 4), at(rows, "rerank_topk_optimistic", 4)
    assert (chosen["limit"], chosen["value"]) == (2, pytest.approx(2 / 3))
    assert (top["limit"], top["value"]) == (2, pytest.approx(2 / 3))


def test_the_judge_itself_by_hand():
    """Right .9 .8 .7; wrong .2 .1 .1 .2 .9 .3 .4 .2 .6: of 27 pairs .9 loses half of one, .8 and .7 one
    each."""
    rows = selection_results(HAND, GOOD, judge="good")
    assert at(rows, "auc")["value"] == pytest.approx((27 - 2.5) / 27)
    assert (at(rows, "auc")["n"], at(rows, "brier")["n"]) == (12, 12)
    within = at(rows, "auc_within")  # a: 1; b: .7 above .1 and .2, below .9; c has no right one
    assert (within["value"], within["low"], within["high"]) == (
        pytest.approx(5 / 6),
        pytest.approx(2 / 3),
        1.0,
    )
    assert within["n"] == 2
    squares = [0.1, 0.2, 0.3, 0.2, 0.1, 0.1, 0.2, 0.9, 0.3, 0.4, 0.2, 0.6]
    assert at(rows, "brier")["value"] == pytest.approx(sum(x * x for x in squares) / 12)
    points = [(row["x"], row["value"]) for row in rows if row["metric"] == "roc"]
    assert points[0] == (0.0, 0.0) and points[-1] == (1.0, 1.0)
    assert points == sorted(points)
    bins = [row for row in rows if row["metric"] == "reliability"]
    assert sum(row["n"] for row in bins) == 12
    top = bins[-1]
    assert (top["x"], top["value"], top["n"]) == (pytest.approx(0.9), 0.5, 2)


def test_k_is_not_chosen_on_what_is_measured():
    """On the validation problem the small cluster is right, so K = 2; here that choice loses a."""
    other = [group("v", ["1", "1", "2", "1"], "2")]
    misled = GOOD | {("a", 2): [0.99]}
    scores = {("v", i): [x] for i, x in enumerate([0.1, 0.1, 0.9, 0.1])}
    row = at(
        selection_results(HAND[:1], misled, judge="j", validation=(other, scores)), "rerank_topk_at_k", 4
    )
    assert (row["limit"], row["value"]) == (2, 0.0)
    best = at(selection_results(HAND[:1], misled, judge="j"), "rerank_topk_optimistic", 4)
    assert (best["limit"], best["value"]) == (1, 1.0)


def test_steps_become_a_score_by_the_way_that_is_named():
    steps = {key: [0.5, score] for key, [score] in GOOD.items()}
    for how, wanted in (("last", 0.9), ("min", 0.5), ("prod", 0.45), ("avg", 0.7)):
        scores = judged_groups(HAND, steps, how).candidates[0].scores
        assert scores is not None and scores[0] == pytest.approx(wanted)
    assert judged_groups(HAND, GOOD | {("a", 0): []}).candidates[0].scores == [0.0, 0.8, 0.2, 0.1]


def test_a_missing_score_and_unequal_groups_are_named():
    with pytest.raises(ValueError, match="sample 3 of problem 'b' has no scores"):
        judged_groups(HAND, {key: value for key, value in GOOD.items() if key != ("b", 3)})
    with pytest.raises(ValueError, match=r"problems with \[2, 4\] samples"):
        judged_groups([*HAND, group("d", ["1", "2"], "2")], None)


def test_scores_that_are_no_probabilities_have_no_calibration():
    rows = selection_results(HAND, {key: [10 * s - 5] for key, [s] in GOOD.items()}, judge="logits")
    assert at(rows, "auc")["value"] == pytest.approx((27 - 2.5) / 27)
    assert not {"ece", "brier", "reliability"} & {row["metric"] for row in rows}
    alike = selection_results([group("c", ["1", "1"], "2")], {("c", 0): [0.5], ("c", 1): [0.5]}, judge="j")
    assert "auc" not in {row["metric"] for row in alike}


@pytest.fixture(scope="module")
def stories() -> list[Group]:
    return made.groups(40, 8, skill=0.15)


class Outcome:
    """Knows whether the final answer is right, and says nothing else."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        judge = Oracle().judge
        pairs = zip(problems, solutions, strict=True)
        return [StepScores((float(judge(problem, text).answer_right),)) for problem, text in pairs]


def test_a_perfect_judge_reaches_pass_at_k_and_a_vote_does_not(stories: list[Group]):
    rows = selection_results(stories, scored_by(Outcome(), stories), judge="outcome")
    solved = sum(any(s.reward.value for s in g.rollouts) for g in stories) / len(stories)
    assert 0.5 < solved < 1
    assert at(rows, "rerank_all_at_k", 8)["value"] == pytest.approx(solved)
    assert at(rows, "weighted_at_k", 8)["value"] == pytest.approx(solved)
    assert at(rows, "rerank_all_at_k", 1)["value"] < at(rows, "rerank_all_at_k", 4)["value"] < solved
    assert at(rows, "rerank_topk_by_limit", 1)["value"] < solved - 0.1
    assert at(rows, "auc")["value"] == 1.0
    steps = selection_results(stories, scored_by(Oracle(), stories), judge="oracle", how="min")
    vote = at(steps, "rerank_topk_by_limit", 1)["value"]
    assert at(steps, "rerank_all_at_k", 8)["value"] > vote + 0.1
    assert json.loads(json.dumps(steps)) == steps
    assert selection_results(stories, scored_by(Oracle(), stories), judge="oracle", how="min") == steps


def test_a_judge_of_steps_against_the_oracle(stories: list[Group]):
    """The judge of sums sees exactly the false sums; what was made of them is true arithmetic, so the first
    error is the one it sees."""
    scores = scored_by(made.TrueSums(), stories)
    rows = step_results(labels_of(stories), scores, judge="sums")
    assert at(rows, "first_error_f1")["value"] > 0.9
    assert at(rows, "first_error_none")["value"] > 0.9
    assert at(rows, "step_auc")["value"] > 0.7
    seen = [row["value"] for row in rows if row["metric"] == "step_precision"]
    assert len(seen) > 1 and min(seen) > 0.9
    perfect = step_results(labels_of(stories), scored_by(Oracle(), stories), judge="oracle")
    assert at(perfect, "first_error_f1")["value"] == 1.0
    assert all(row["value"] == 1.0 for row in perfect)


def test_an_unknown_step_before_the_first_error_leaves_it_open():
    labels = {("p", 0): [True, None, False], ("p", 1): [True, False, None], ("p", 2): [True, True, True]}
    scores = {key: [0.9, 0.1, 0.1] for key in labels}
    rows = step_results(labels, scores, judge="j")
    assert at(rows, "first_error_found")["n"] == at(rows, "first_error_none")["n"] == 1
    assert (at(rows, "first_error_found")["value"], at(rows, "first_error_none")["value"]) == (1.0, 0.0)
    with pytest.raises(ValueError, match="solution 0 has 1 scores for 2 steps"):
        step_results({("p", 0): [True, False]}, {("p", 0): [0.5]}, judge="j")


def test_judges_by_the_models_that_they_re_rank():
    def rows(model: str, judge: str, *values: float) -> list[Row]:
        return [
            {"model": model, "judge": judge, "metric": "rerank_all_at_k", "k": 2**i, "value": value}
            for i, value in enumerate(values)
        ]

    table = cross_table(
        rows("small", "s", 0.2, 0.3) + rows("large", "s", 0.3, 0.4) + rows("large", "l", 0.5, 0.6),
        "rerank_all_at_k",
    )
    assert table == {"s": {"small": 0.3, "large": 0.4}, "l": {"large": 0.6}}
