"""The reward of a right final answer: 1 or 0, by the same grader that evaluation uses.

Other training code takes it from `numerate.answers.adapters`.
"""

from __future__ import annotations

from dataclasses import replace

from numerate.answers import grade
from numerate.types import Problem, Reward, Rollout, Scored


def score(problem: Problem, rollout: Rollout) -> Scored:
    """The rollout with its final answer, and 1.0 where that equals the problem's, else 0.0; None where the
    problem has no answer. A solution that was begun for the policy is graded whole."""
    verdict = grade(rollout.solution, problem)
    value = float(verdict.correct) if problem.answer.strip() else None
    return Scored(replace(rollout, answer=verdict.answer), Reward(value, {"correct": value}))
