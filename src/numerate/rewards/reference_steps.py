"""A dense reward without a reward model: the calculations that a rollout shares with the reference solution.

Havrilla et al. 2024 (arXiv:2403.04642) compare intermediate results with the reference and do not say how.
Ours: a calculation counts if it equals an unused one of the reference, in any order, so a repeated one has
no reward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from numerate.problems.consistency import other_answer
from numerate.steps import split, trace
from numerate.types import Problem


def match_calculations(student: Sequence[str], reference: Sequence[str]) -> list[bool]:
    """Returns for each calculation whether it is an unused one of the reference, see `steps.trace`."""
    unused = Counter(reference)
    matched: list[bool] = []
    for calculation in student:
        matched.append(unused[calculation] > 0)
        unused[calculation] -= matched[-1]
    return matched


def score_steps(problem: Problem, solution: str, total: float = 0.5) -> list[float]:
    """Returns a reward for each step of `steps.split(solution)`: total / (calculations of the reference) for
    each calculation that the step shares with it.

    The sum is at most `total`; 0 where the problem has no worked solution, or one with another answer."""
    reference = trace(problem.solution) if other_answer(problem) is None else ()
    traces = [trace(step.text) for step in split(solution)]
    matched = iter(match_calculations([calculation for many in traces for calculation in many], reference))
    each = total / max(1, len(reference))
    return [each * sum(next(matched) for _ in many) for many in traces]
