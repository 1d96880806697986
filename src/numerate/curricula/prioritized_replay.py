# pyright: strict
"""Prioritized level replay (Jiang et al. 2021, arXiv:2010.03934, section 3 and algorithm 2; for reasoning
Havrilla et al. 2024, arXiv:2403.04642, section 3). A problem is a level.

    S_i      = mean over tokens of |A|, of the last rollouts of i
    P_S(i)   = (1 / rank(S_i))^(1/beta) / sum_j (1 / rank(S_j))^(1/beta)     over the problems seen
    P_C(i)   = (c - C_i) / sum_j (c - C_j)               c: steps so far; C_i: the last step with i
    P(i)     = (1 - rho) P_S(i) + rho P_C(i)
    P_D      = chance that a problem was seen before, else it is a new one, all with equal chances

In the paper P_D grows with the share of the problems seen; so does `replay: null`. No problem occurs twice in
a step: after each choice P is that of the others. Of equal scores the oldest ranks first.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from numerate.curricula.records import CurriculumChoice, Outcome, PrefixedProblem, State
from numerate.options import Positive, Share, config
from numerate.types import Problem, Stats


@config
class PrioritizedReplay:
    """Repeats problems by their mean absolute advantage and their age."""

    kind: Literal["prioritized_replay"]
    """repeat problems by their mean absolute advantage and their age"""
    beta: Positive = 0.1
    """temperature of the ranks: small repeats the highest scores only, large all with equal chances"""
    rho: Share = 0.1
    """weight of the age in the choice"""
    replay: Share | None = None
    """chance that a problem was seen before; null: the share of the problems seen"""

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def choose(self, state: State, choice: CurriculumChoice) -> list[PrefixedProblem]:
        last_asked: dict[str, int] = state.get("asked", {})
        seen = [problem for problem in choice.problems if problem.id in last_asked]
        new = [problem for problem in choice.problems if problem.id not in last_asked]
        share = len(seen) / len(choice.problems) if self.replay is None else self.replay
        again = sum(choice.random.random() < share for _ in range(choice.count))
        again = min(max(again, choice.count - len(new)), len(seen))
        chosen = choice.random.sample(new, min(choice.count - again, len(new)))
        return [
            PrefixedProblem(problem)
            for problem in [*self.replayed(state, seen, again, choice.random), *chosen]
        ]

    def replayed(
        self, state: State, seen: Sequence[Problem], count: int, rng: random.Random
    ) -> list[Problem]:
        ages = [state["step"] - state["asked"][problem.id] for problem in seen]
        order = sorted(range(len(seen)), key=lambda i: -ages[i])
        scores = [state["score"][seen[i].id] for i in order]
        weights = mix_scores(by_rank(scores, self.beta), by_age([ages[i] for i in order]), self.rho)
        return [seen[order[i]] for i in draw_indices(weights, count, rng)]

    def learn(self, state: State, outcomes: Sequence[Outcome], style: str) -> State:
        step: int = state.get("step", 0)
        last_asked: dict[str, int] = dict(state.get("asked", {}))
        scores: dict[str, float] = dict(state.get("score", {}))
        for outcome in outcomes:
            last_asked[outcome.problem.id] = step
            before = scores.get(outcome.problem.id, 0.0)
            scores[outcome.problem.id] = (
                before if outcome.mean_abs_advantage is None else outcome.mean_abs_advantage
            )
        return {"step": step + 1, "asked": last_asked, "score": scores}

    def stats(self, state: State, problems: Sequence[PrefixedProblem]) -> Stats:
        """Returns replayed: share of repeated problems; seen: problems sampled so far."""
        last_asked: dict[str, int] = state.get("asked", {})
        before = sum(chosen.problem.id in last_asked for chosen in problems)
        return {
            "curriculum/replayed": before / max(1, len(problems)),
            "curriculum/seen": float(len({*last_asked, *(chosen.problem.id for chosen in problems)})),
        }


def mean_abs_advantage(advantages: Sequence[float]) -> float:
    """Returns S = mean |A| over tokens, section 3.1."""
    return math.fsum(map(abs, advantages)) / max(1, len(advantages))


def by_rank(scores: Sequence[float], beta: float) -> list[float]:
    """Returns P_S: the highest score has rank 1; of equal ones the first ranks first."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    rank = {i: position for position, i in enumerate(order, start=1)}
    return normalize_weights([rank[i] ** (-1 / beta) for i in range(len(scores))])


def by_age(ages: Sequence[int]) -> list[float]:
    """Returns P_C: in proportion to the steps since a problem was sampled."""
    return normalize_weights([float(age) for age in ages])


def mix_scores(ranked: Sequence[float], stale: Sequence[float], rho: float) -> list[float]:
    """Returns P = (1 - rho) P_S + rho P_C."""
    return [(1 - rho) * s + rho * c for s, c in zip(ranked, stale, strict=True)]


def normalize_weights(weights: Sequence[float]) -> list[float]:
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def draw_indices(weights: Sequence[float], count: int, rng: random.Random) -> list[int]:
    """Samples `count` different indices, one after the other, each in proportion to its weight among those
    that are left."""
    left, chosen = list(weights), list[int]()
    for _ in range(count):
        upto = list(accumulate(left))
        index = bisect_right(upto, rng.random() * upto[-1])
        if index == len(left):  # what is left has no weight
            index = next(i for i in range(len(left)) if i not in chosen)
        chosen.append(index)
        left[index] = 0.0
    return chosen
