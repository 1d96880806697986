# pyright: strict
"""Backtracking (Havrilla et al. 2024, arXiv:2403.04642, section 3): from (Q, P_i) to Q.

    P_i = the first i of the L steps of a known solution
    i_0 = floor(tau_0 L)                    at first all but the last steps are in the prompt
    i   = i - 1 once it is solved           one step less the next time, down to 0: the problem alone

The paper says neither how i_0 is rounded nor what solved means: here it is rounded down, and one right
rollout (or a share of them: `solved`) solves a problem. Starts that move backward through a demonstration
are also in Salimans and Chen 2018 (arXiv:1812.03381) and, for reasoning, Xi et al. 2024 (arXiv:2402.05808).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from numerate.curricula.records import CurriculumChoice, Outcome, PrefixedProblem, State
from numerate.options import Share, config
from numerate.problems.consistency import other_answer
from numerate.prompts import target
from numerate.steps import split
from numerate.types import Problem, Stats


@config
class Backtracking:
    """Starts near the end of a known solution, one step earlier after each success."""

    kind: Literal["backtracking"]
    """start near the end of a known solution, one step earlier each time that is solved"""
    prefix_share: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """tau_0, share of the steps that are in the prompt at first"""
    solved: Share = 0.0
    """share of right rollouts from which a start counts as solved; 0: one right rollout is enough"""
    solutions: Literal["reference", "own"] = "reference"
    """the problem's worked solution; or the policy's first right rollout of a problem that it did not solve
    by the share above"""

    def __post_init__(self) -> None:
        if self.solutions == "own" and not self.solved:
            raise ValueError(
                "`solutions: own` needs a threshold between unsolved and solved problems, and with "
                "`solved: 0` one right rollout solves a problem: set solved to a share, such as 0.5"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        return ("solution",) if self.solutions == "reference" else ()

    def choose(self, state: State, choice: CurriculumChoice) -> list[PrefixedProblem]:
        return [
            PrefixedProblem(problem, self.beginning(state, problem, choice.style)) for problem in choice.usual
        ]

    def beginning(self, state: State, problem: Problem, style: str) -> str:
        solution = self.solution_of(state, problem, style)
        return solution_prefix(solution, self.steps_given(state, problem, solution))

    def solution_of(self, state: State, problem: Problem, style: str) -> str:
        """Returns the solution that rollouts of this problem start from, empty where there is none."""
        if self.solutions == "own":
            return state.get("own", {}).get(problem.id, "")
        usable = problem.solution.strip() and other_answer(problem) is None
        return target(problem, style) if usable else ""

    def steps_given(self, state: State, problem: Problem, solution: str) -> int:
        return state.get("prefix_steps", {}).get(
            problem.id, first_steps_given(len(split(solution)), self.prefix_share)
        )

    def learn(self, state: State, outcomes: Sequence[Outcome], style: str) -> State:
        counts: dict[str, int] = dict(state.get("prefix_steps", {}))
        own: dict[str, str] = dict(state.get("own", {}))
        for outcome in outcomes:
            problem, good = outcome.problem, is_solved(outcome.right, self.solved)
            solution = self.solution_of(state, problem, style)
            if solution:
                counts[problem.id] = steps_after(self.steps_given(state, problem, solution), good)
            elif self.solutions == "own" and outcome.solution and not good:
                own[problem.id] = outcome.solution
        return {"prefix_steps": counts} | ({"own": own} if self.solutions == "own" else {})

    def stats(self, state: State, problems: Sequence[PrefixedProblem]) -> Stats:
        return prefix_stats(problems, state.get("own"))


def first_steps_given(steps: int, tau: float) -> int:
    """Returns i_0 = floor(tau_0 L): of 10 steps 9, of 1 none."""
    return math.floor(tau * steps + 1e-9)


def steps_after(count: int, good: bool) -> int:
    """Returns one step less after a success; after a failure the same number."""
    return max(0, count - 1) if good else count


def is_solved(right: Sequence[bool], share: float) -> bool:
    """Checks whether a rollout is right, and at least this share of them."""
    return any(right) and sum(right) >= share * len(right)


def solution_prefix(solution: str, count: int) -> str:
    """Returns the first steps of a solution as whole lines, so that none of them can grow; empty where there
    are no further steps."""
    steps = split(solution)
    return solution[: steps[count].start].rstrip(" \t") if 0 < count < len(steps) else ""


def prefix_stats(problems: Sequence[PrefixedProblem], own: Mapping[str, str] | None) -> Stats:
    """Returns prefixed: share of problems with a prefix; prefix_steps: its mean number of steps; own:
    problems with a right rollout of the policy to start from."""
    prefix_lengths = [len(split(chosen.prefix)) for chosen in problems if chosen.prefix]
    stats = {
        "curriculum/prefixed": len(prefix_lengths) / max(1, len(problems)),
        "curriculum/prefix_steps": sum(prefix_lengths) / max(1, len(prefix_lengths)),
    }
    return stats | ({"curriculum/own": float(len(own))} if own is not None else {})
