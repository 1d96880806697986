"""The reward of a right final answer: 1 or 0, by the same grader that evaluation uses.

Other training code takes it from `numerate.answers.adapters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from numerate.answers import Fallback, grade
from numerate.types import Problem, Reward, Rollout, Scored

OPTIONS = {"fallback": get_args(Fallback), "unfinished": (False, True)}
"""of the reward `correct` in a recipe: what counts where no answer is marked (`none` pays no guesses), and
whether a thought that was never finished is read"""


def score(problem: Problem, rollout: Rollout) -> Scored:
    """The rollout with its final answer, and 1.0 where that equals the problem's, else 0.0; None where the
    problem has no answer. A solution that was begun for the policy is graded whole."""
    verdict = grade(rollout.solution, problem)
    reward = float(verdict.correct) if problem.answer.strip() else None
    return Scored(replace(rollout, answer=verdict.answer), Reward(reward, {"correct": reward}))


def value(problem: Problem, rollout: Rollout, options: Mapping[str, Any]) -> float | None:
    """The reward under the options of a recipe; None where the problem has no answer."""
    return float(grade(rollout.solution, problem, **options).correct) if problem.answer.strip() else None


def check_options(options: Mapping[str, Any]) -> None:
    """Raises ValueError for an option that `correct` does not have, or a value that it does not take."""
    for name, setting in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reward 'correct' has no option {name!r}, but: {', '.join(OPTIONS)}")
        if setting not in OPTIONS[name]:
            allowed = ", ".join(map(str, OPTIONS[name])).lower()
            raise ValueError(f"reward 'correct': {name} is {setting!r}: use one of {allowed}")
