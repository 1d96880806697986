from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate import credit

NUMBERS = st.floats(-5, 5)


def obvious(rewards: list[float], values: list[float], gamma: float, lam: float) -> list[float]:
    """The double sum of the paper, term by term."""
    after = [*values[1:], 0.0]
    deltas = [r + gamma * v1 - v for r, v, v1 in zip(rewards, values, after, strict=True)]
    return [
        sum((gamma * lam) ** (k - t) * deltas[k] for k in range(t, len(deltas))) for t in range(len(deltas))
    ]


def test_the_vector_of_a_terminal_reward(vectors: dict[str, Any]) -> None:
    case = vectors["prm_orm_ppo"]["terminal_reward_gae"]
    placed = credit.on_tokens(3, last=case["R"])
    rewards = credit.subtract_kl_penalty(placed, credit.k1(case["logp"], case["ref_logp"]), case["kl_coef"])
    assert rewards == pytest.approx(case["token_rewards"])
    advantages = credit.gae(rewards, case["values"], case["gamma"], case["lam"])
    assert advantages == pytest.approx(case["advantages"], abs=1e-6)
    returns = [a + v for a, v in zip(advantages, case["values"], strict=True)]
    assert returns == pytest.approx(case["returns"], abs=1e-6)
    whitened = case["whitened_advantages_unbiased_var_eps1e-8"]
    assert credit.whiten(advantages) == pytest.approx(whitened, abs=1e-5)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_the_recursion_is_the_double_sum(pairs: list[tuple[float, float]], gamma: float, lam: float) -> None:
    rewards, values = [r for r, _ in pairs], [v for _, v in pairs]
    expected = obvious(rewards, values, gamma, lam)
    assert credit.gae(rewards, values, gamma, lam) == pytest.approx(expected, abs=1e-9)


def test_its_two_ends_by_hand() -> None:
    """lam 1: rewards to go minus the value; lam 0: one step. r 1 2 3, V 10 20 30, gamma 1/2.

    To go: 3, 2 + 1.5, 1 + 1.75. One step: 1 + 10 - 10, 2 + 15 - 20, 3 - 30."""
    r, v = [1.0, 2.0, 3.0], [10.0, 20.0, 30.0]
    assert credit.gae(r, v, 0.5, 1.0) == [2.75 - 10, 3.5 - 20, 3 - 30]
    assert credit.gae(r, v, 0.5, 0.0) == [1.0, -3.0, -27.0]
    assert credit.gae([], [], 1.0, 0.95) == []
    with pytest.raises(ValueError, match="2 rewards for 1 values"):
        credit.gae([1.0, 2.0], [1.0], 1.0, 1.0)


def test_whitening_looks_only_at_what_the_mask_lets_in() -> None:
    """1, 2, 3: mean 2, unbiased variance 1. The padding between them is as if it were not there."""
    seen = [True, False, True, False, True]
    for padding in (0.0, 1e6):
        got = credit.whiten([1.0, padding, 2.0, -padding, 3.0], seen)
        assert got == pytest.approx([-1, 0, 0, 0, 1])
    assert credit.whiten([4.0]) == [0.0]
    assert credit.whiten([1.0, 2.0], [False, False]) == [0.0, 0.0]


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=8))
def test_both_estimators_average_to_the_divergence(raw: list[float]) -> None:
    """Over all tokens of a small vocabulary, weighted by the policy, both are sum p log(p / q)."""
    total = math.fsum(map(math.exp, raw))
    p = [math.exp(x) / total for x in raw]
    q = [1 / len(raw)] * len(raw)
    divergence = math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    logs = [math.log(a) for a in p], [math.log(b) for b in q]
    for estimate in (credit.k1, credit.k3):
        assert math.fsum(a * d for a, d in zip(p, estimate(*logs), strict=True)) == pytest.approx(
            divergence, abs=1e-7
        )
    assert min(credit.k3(*logs)) >= 0
    assert credit.k2(*logs) == pytest.approx([d * d / 2 for d in credit.k1(*logs)])


def test_rewards_of_steps_on_their_last_tokens() -> None:
    assert credit.on_tokens(5, [1, 3], [0.5, -0.25], last=1.0) == [0, 0.5, 0, -0.25, 1]
    assert credit.on_tokens(3, [2, 2], [0.5, 0.25], last=1.0) == [0, 0, 1.75]
    assert credit.on_tokens(0, last=1.0) == []


def test_the_best_k_of_n(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["kon"]
    assert credit.best_of_n(case["rewards"], case["K"]) == case["kept_indices"]
    assert credit.best_of_n([0.0, 1.0, 0.0, 0.0], 3) == [0, 1, 2]  # the first of equal ones, in their order


def test_the_coefficient_follows_the_divergence() -> None:
    """100 attempts, horizon 1000: at most 2 percent a time, exactly 1 percent where KL is 10 percent over."""
    assert credit.adapt_kl_coef(0.1, 6.6, 6.0, 100, 1000) == pytest.approx(0.1 * 1.01)
    assert credit.adapt_kl_coef(0.1, 60.0, 6.0, 100, 1000) == pytest.approx(0.1 * 1.02)
    assert credit.adapt_kl_coef(0.1, 0.0, 6.0, 100, 1000) == pytest.approx(0.1 * 0.98)


def test_steps_end_with_the_token_that_completes_them() -> None:
    """Tokens "ab", "c\\n", "de", "" (an EOS): "abc" is whole with the second, "abc\\nde" with the third."""
    pieces = {7: "ab", 8: "c\n", 9: "de", 2: ""}

    def decode(ids: list[int]) -> str:
        return "".join(pieces[i] for i in ids)

    assert credit.end_tokens([7, 8, 9, 2], [2, 3, 6], decode) == [0, 1, 2]
    assert credit.end_tokens([7, 8, 9, 2], [99], decode) == [3]  # never beyond the last
