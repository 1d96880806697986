# pyright: strict
"""Step statistics of solutions: how many steps, and how many of them are repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerate.steps import split


@dataclass(frozen=True, slots=True)
class StepCounts:
    steps: float
    """per solution, in the mean"""
    repeated: float
    """share of all steps whose text has stood before in the same solution"""


def step_counts(solutions: Sequence[str]) -> StepCounts:
    """Returns steps per solution and the share of repeated ones: where a judge of steps is being farmed, both
    go up while accuracy does not.

    Gao et al. 2024 (arXiv 2410.15115): a policy that is paid per step repeats a good one, or writes many that
    say little. Steps are those of `steps.split`. No solutions, or none with a step, have 0 of both."""
    texts = [[step.text for step in split(solution)] for solution in solutions]
    count = sum(map(len, texts))
    different = sum(len(set(steps)) for steps in texts)
    return StepCounts(count / max(1, len(texts)), (count - different) / max(1, count))
