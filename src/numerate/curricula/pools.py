# pyright: strict
"""Difficulty pools: problems sorted by the share of right rollouts, each pool with its share of a step.

    new     not sampled yet
    easy    at least `easy` of its last rollouts right
    hard    at most `hard` of them
    middle  between: groups with a gradient

A zero-variance group has no gradient without a critic (Yu et al. 2025, arXiv:2503.14476, section 3.2, sample
others instead). Large trainers have pools by the share of right rollouts too (prime-rl's buffer); the shares
are ours.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from numerate.curricula.records import CurriculumChoice, Outcome, PrefixedProblem, State
from numerate.options import NotNegative, Share, config
from numerate.types import Problem, Stats

Pool = Literal["new", "easy", "middle", "hard"]
POOLS: tuple[Pool, ...] = ("new", "middle", "hard", "easy")


@config
class Shares:
    """Shares of the pools in a step."""

    new: NotNegative = 0.4
    """of problems that were not sampled yet"""
    middle: NotNegative = 0.4
    """of problems that are neither easy nor hard"""
    hard: NotNegative = 0.15
    """of hard problems"""
    easy: NotNegative = 0.05
    """of solved problems, against forgetting"""


@config
class Pools:
    """Sorts problems by the share of right rollouts, and takes a share of each step from every pool."""

    kind: Literal["pools"]
    """sort problems by the share of right rollouts, and take a share of each step from every pool"""
    easy: Share = 1.0
    """share of right rollouts from which a problem is easy"""
    hard: Share = 0.0
    """share of right rollouts up to which it is hard"""
    shares: Shares = Shares()
    """of the problems of a step, in proportion to each other; an empty pool's share goes to the others"""

    def __post_init__(self) -> None:
        if self.hard >= self.easy:
            raise ValueError(
                f"no share of right rollouts is above `hard: {self.hard}` and below `easy: {self.easy}`: "
                "set hard below easy"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def choose(self, state: State, choice: CurriculumChoice) -> list[PrefixedProblem]:
        pools = sorted_out(choice.problems, state.get("pool", {}))
        weights: dict[Pool, float] = {pool: getattr(self.shares, pool) for pool in POOLS}
        return [
            PrefixedProblem(problem) for problem in draw_problems(pools, weights, choice.count, choice.random)
        ]

    def learn(self, state: State, outcomes: Sequence[Outcome], style: str) -> State:
        pool: dict[str, Pool] = dict(state.get("pool", {}))
        for outcome in outcomes:
            if outcome.share is not None:
                pool[outcome.problem.id] = pool_of(outcome.share, self.easy, self.hard)
        return {"pool": pool}

    def stats(self, state: State, problems: Sequence[PrefixedProblem]) -> Stats:
        """Returns the shares of the step's problems by pool."""
        pool_of: Mapping[str, Pool] = state.get("pool", {})
        count = Counter(pool_of.get(chosen.problem.id, "new") for chosen in problems)
        return {f"curriculum/{pool}": count[pool] / max(1, len(problems)) for pool in POOLS}


def pool_of(share: float, easy: float, hard: float) -> Pool:
    """Returns the pool of a problem with this share of right rollouts."""
    return "easy" if share >= easy else "hard" if share <= hard else "middle"


def sorted_out(problems: Sequence[Problem], pool_of: Mapping[str, Pool]) -> dict[Pool, list[Problem]]:
    """Returns the problems of each pool, in their order."""
    pools: dict[Pool, list[Problem]] = {pool: [] for pool in POOLS}
    for problem in problems:
        pools[pool_of.get(problem.id, "new")].append(problem)
    return pools


def draw_problems(
    pools: Mapping[Pool, Sequence[Problem]], weights: Mapping[Pool, float], count: int, rng: random.Random
) -> list[Problem]:
    """Samples `count` different problems: for each a pool by its weight among those with problems left, then
    a problem of it. Where only pools without weight are left, they have equal chances."""
    left: dict[Pool, list[Problem]] = {
        pool: rng.sample(list(pools[pool]), len(pools[pool])) for pool in POOLS
    }
    chosen: list[Problem] = []
    for _ in range(count):
        open_: list[Pool] = [pool for pool in POOLS if left[pool]]
        by_weight = [weights[pool] for pool in open_]
        pool = rng.choices(open_, by_weight if any(by_weight) else None)[0]
        chosen.append(left[pool].pop())
    return chosen
