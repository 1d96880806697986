# pyright: strict
"""Difficulty pools: problems go where the policy stands with them, and every pool has its share of a step.

new     never asked
easy    at least `easy` of the attempts right when it was last asked
hard    at most `hard` of them
middle  between: where attempts differ, so that they can be compared

A group whose attempts are all right or all wrong teaches an objective without a critic nothing (Yu et al.
2025, arXiv:2503.14476, section 3.2, draw others instead). Pools by the share of right attempts are what large
trainers use (prime-rl's buffer); the shares are ours.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from numerate.curricula.question import CurriculumChoice, Outcome, Question, State
from numerate.options import NotNegative, Share, config
from numerate.types import Problem, Stats

Pool = Literal["new", "easy", "middle", "hard"]
POOLS: tuple[Pool, ...] = ("new", "middle", "hard", "easy")


@config
class Shares:
    new: NotNegative = 0.4
    """of problems that were never asked"""
    middle: NotNegative = 0.4
    """of those that are neither easy nor hard"""
    hard: NotNegative = 0.15
    """of those that are still too hard"""
    easy: NotNegative = 0.05
    """of those that are solved: they may be forgotten again"""


@config
class Pools:
    kind: Literal["pools"]
    """sort problems by the share of right attempts, and take so many from each pool"""
    easy: Share = 1.0
    """share of right attempts from which a problem is easy"""
    hard: Share = 0.0
    """share of right attempts up to which it is hard"""
    shares: Shares = Shares()
    """of the questions of a step, in proportion to each other; an empty pool's go to the others"""

    def __post_init__(self) -> None:
        if self.hard >= self.easy:
            raise ValueError(
                f"no share of right attempts is above `hard: {self.hard}` and below `easy: {self.easy}`: "
                "set hard below easy"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def ask(self, state: State, choice: CurriculumChoice) -> list[Question]:
        pools = sorted_out(choice.problems, state.get("pool", {}))
        weights: dict[Pool, float] = {pool: getattr(self.shares, pool) for pool in POOLS}
        return [Question(problem) for problem in draw_problems(pools, weights, choice.count, choice.random)]

    def learn(self, state: State, outcomes: Sequence[Outcome], style: str) -> State:
        pool: dict[str, Pool] = dict(state.get("pool", {}))
        for outcome in outcomes:
            if outcome.share is not None:
                pool[outcome.problem.id] = pool_of(outcome.share, self.easy, self.hard)
        return {"pool": pool}

    def stats(self, state: State, questions: Sequence[Question]) -> Stats:
        """Shares of the step's questions by the pool that they came from."""
        known: Mapping[str, Pool] = state.get("pool", {})
        count = Counter(known.get(question.problem.id, "new") for question in questions)
        return {f"curriculum/{pool}": count[pool] / max(1, len(questions)) for pool in POOLS}


def pool_of(share: float, easy: float, hard: float) -> Pool:
    """The pool of a problem with this share of right attempts."""
    return "easy" if share >= easy else "hard" if share <= hard else "middle"


def sorted_out(problems: Sequence[Problem], known: Mapping[str, Pool]) -> dict[Pool, list[Problem]]:
    """The problems of each pool, in their order."""
    pools: dict[Pool, list[Problem]] = {pool: [] for pool in POOLS}
    for problem in problems:
        pools[known.get(problem.id, "new")].append(problem)
    return pools


def draw_problems(
    pools: Mapping[Pool, Sequence[Problem]], weights: Mapping[Pool, float], count: int, rng: random.Random
) -> list[Problem]:
    """`count` different problems: for each a pool by its weight among those with problems left, then one of
    its problems. Where only pools without weight are left, they are drawn from alike."""
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
