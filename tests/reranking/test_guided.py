"""Rows of value-guided sampling: numbers by hand, and a second count of the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from numerate.metrics import mcnemar
from numerate.reranking.guided import (
    TOKENS,
    VALUE,
    best_solution,
    grade_solutions,
    guided_rows,
    too_few_samples,
)
from numerate.reranking.score_rollouts import Stored
from numerate.rollouts.guided import SearchResult
from numerate.types import Group, Problem, Reward, Rollout, Scored, Turn
from tests.reranking.test_reranking import GOOD, HAND, at


def solutions(name: str, answers: Sequence[str | None], tokens: float, truth: str = "2") -> Group:
    scored = [
        Scored(
            Rollout(name, i, (), "stop", answer),
            Reward(float(answer == truth), {VALUE: 1 - i / 10, TOKENS: tokens}),
        )
        for i, answer in enumerate(answers)
    ]
    return Group(Problem(name, "?", truth, kind="number"), tuple(scored))


GUIDED = [solutions("a", ["2", "3"], 30), solutions("b", ["1"], 40), solutions("c", [None, "2"], 50)]
STORED = Stored(HAND, {key: tuple(scores) for key, scores in GOOD.items()}, set())


def rows(tokens: float = 20.0) -> list[dict[str, Any]]:
    return guided_rows(GUIDED, 4, STORED, tokens, "last")


def test_the_best_solution_with_an_answer_counts() -> None:
    assert [best_solution(group.rollouts).rollout.answer for group in GUIDED] == ["2", "1", "2"]
    row = at(rows(), "guided_at_k", 4)
    assert row["value"] == pytest.approx(2 / 3) and row["n"] == 3


def test_the_cost_counts_all_sampled_tokens() -> None:
    assert at(rows(), "guided_tokens", 4)["value"] == 40
    assert at(rows(), "guided_cost", 4)["value"] == 2.0  # 40 tokens, and a sample has 20


def test_differences_are_paired_at_equal_samples_and_at_equal_tokens() -> None:
    # guided is right on a and c; of 4 samples the vote is right on a only, the best score on a and b
    gain = at(rows(), "guided_gain", 4, versus="maj@4")
    assert gain["value"] == pytest.approx(1 / 3)
    assert gain["p"] == mcnemar([True, False, True], [True, False, False]).p
    best = at(rows(), "guided_gain", 4, versus="RR.All@4")
    assert best["value"] == pytest.approx(0)
    # the vote of 2 of 4 samples, whose first is random where they differ: of "2 2 1 3" both are right in 1 of
    # 6 draws and one in 4; of "1 1 2 -" one of two in 2, the only one in 1; of "1 3 1 -" none
    equal = at(rows(), "guided_gain_tokens", 2, versus="maj@2")
    votes = [(1 + 4 / 2) / 6, (2 / 2 + 1) / 6, 0.0]
    assert equal["value"] == pytest.approx((2 - sum(votes)) / 3)


def test_there_is_no_comparison_at_equal_tokens_with_fewer_samples_than_have_them() -> None:
    costly = rows(tokens=8.0)
    assert at(costly, "guided_cost", 4)["value"] == 5
    assert not any(row["metric"] == "guided_gain_tokens" for row in costly)
    assert "which 5 samples have: raise samples from 4" in too_few_samples(costly, 4)
    assert not too_few_samples(costly, 5) and not too_few_samples(guided_rows(GUIDED, 4, None, 0, "last"), 0)


def test_without_samples_there_is_accuracy_and_cost_only() -> None:
    alone = guided_rows(GUIDED, 4, None, 0.0, "last")
    assert [row["metric"] for row in alone] == ["guided_at_k", "guided_tokens"]


def test_without_room_for_a_token_nothing_is_compared_at_equal_tokens() -> None:
    names = {row["metric"] for row in rows(tokens=0.0)}
    assert names == {"guided_at_k", "guided_tokens", "guided_gain"}


def test_solutions_are_stored_with_value_and_cost() -> None:
    problem = Problem("p", "?", "6", kind="number")
    rollouts = tuple(Rollout("p", i, (Turn("assistant", f"#### {i + 5}", trained=True),)) for i in range(2))
    first, second = grade_solutions(SearchResult(problem, rollouts, (0.9, 0.4), 17))
    assert (first.reward.value, second.reward.value) == (0.0, 1.0)
    assert dict(second.reward.parts) == {"correct": 1.0, VALUE: 0.4, TOKENS: 17.0}
