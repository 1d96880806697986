"""Advantages and returns of a collection under PPO: values, the penalty for leaving the reference, GAE."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

from numerate import credit, training
from numerate.curricula.prioritized_replay import mean_abs_advantage
from numerate.methods.ppo.token_rewards import RewardedRollout
from numerate.methods.shared.reinforcement import AdaptiveKl
from numerate.types import Example, Stats


def add_advantages(
    learner: training.Learner,
    rows: Sequence[Example],
    rewards: Sequence[Sequence[float]],
    *,
    gamma: float,
    lam: Callable[[int], float],
    value_lam: float | None,
    whiten: bool,
    kl: AdaptiveKl,
    beta: float,
) -> tuple[list[Example], Stats]:
    """Adds the columns value, returns and advantage to rows that have old_logp, correction and, with a
    reference policy, ref_logp.

    rewards: one number per trained token of each row. lam: of a row by how many those are. value_lam: that of
    the returns, None for the same."""
    old = [credit.gather_trained(row.mask, row.token["old_logp"]) for row in rows]
    value_column = training.compute_column(learner, rows, training.token_values)
    values = [credit.gather_trained(row.mask, column) for row, column in zip(rows, value_column, strict=True)]
    stats: Stats = {"policy/entropy": -mean_of([p for logp in old for p in logp])}
    if kl.coef:
        refs = [credit.gather_trained(row.mask, row.token["ref_logp"]) for row in rows]
        apart = [math.fsum(credit.k3(p, q)) for p, q in zip(old, refs, strict=True)]
        stats |= {"kl/coef": beta, "kl/per_rollout": mean_of(apart)}
        stats["train/kl"] = math.fsum(apart) / max(1, sum(map(len, old)))
        if kl.placement == "reward":
            estimate = {"k1": credit.k1, "k2": credit.k2, "k3": credit.k3}[kl.estimator]
            rewards = [
                credit.subtract_kl_penalty(r, estimate(p, q), beta)
                for r, p, q in zip(rewards, old, refs, strict=True)
            ]
    both = list(zip(rewards, values, strict=True))
    advantages = [credit.gae(r, v, gamma, lam(len(r))) for r, v in both]
    errors = advantages if value_lam is None else [credit.gae(r, v, gamma, value_lam) for r, v in both]
    returns = [[a + v for a, v in zip(A, V, strict=True)] for A, V in zip(errors, values, strict=True)]
    stats |= {
        "value/mean": mean_of([v for V in values for v in V]),
        "value/explained_variance": explained_variance(values, returns),
    }
    if whiten:
        flat = iter(credit.whiten([a for A in advantages for a in A]))
        advantages = [[next(flat) for _ in A] for A in advantages]
    done: list[Example] = []
    for row, V, A, R in zip(rows, value_column, advantages, returns, strict=True):
        A_T = credit.scatter_trained(row.mask, A)
        weighted = [a * w for a, w in zip(A_T, row.token["correction"], strict=True)]
        done.append(row.with_token(value=V, advantage=weighted, returns=credit.scatter_trained(row.mask, R)))
    return done, stats


def mean_abs_advantages(chosen: Sequence[RewardedRollout], rows: Sequence[Example]) -> dict[str, float]:
    """Returns problem -> mean |A| over its tokens; A = returns - V, not whitened. rows: of those chosen."""
    by_problem: dict[str, list[float]] = defaultdict(list)
    for rewarded, row in zip(chosen, rows, strict=True):
        R_T, V_T = (credit.gather_trained(row.mask, row.token[name]) for name in ("returns", "value"))
        by_problem[rewarded.scored.rollout.problem_id] += [R - V for R, V in zip(R_T, V_T, strict=True)]
    return {problem: mean_abs_advantage(advantages) for problem, advantages in by_problem.items()}


def mean_of(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / max(1, len(numbers))


def explained_variance(values: Sequence[Sequence[float]], returns: Sequence[Sequence[float]]) -> float:
    """Returns 1 - Var(R - V) / Var(R) over all tokens: 1 for exact values, 0 for values no better than a
    constant, and where all returns are the same."""
    flat = [(v, r) for V, R in zip(values, returns, strict=True) for v, r in zip(V, R, strict=True)]
    spread_of = population_variance([r for _, r in flat])
    return 1 - population_variance([r - v for v, r in flat]) / spread_of if spread_of else 0.0


def population_variance(numbers: Sequence[float]) -> float:
    middle = mean_of(numbers)
    return mean_of([(x - middle) ** 2 for x in numbers])
