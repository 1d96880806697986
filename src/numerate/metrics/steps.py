# pyright: strict
"""Step statistics of solutions: how many steps, and how many of them are repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerate.steps import split


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Number of steps and share of repeated ones in solutions."""

    steps: float
    """mean per solution"""
    repeated: float
    """share of steps whose text occurs earlier in the same solution"""


def step_counts(solutions: Sequence[str]) -> StepCounts:
    """Returns the number of steps and the share of repeated ones: signs of a gamed reward for steps, where
    both rise and accuracy does not.

    Gao et al. 2024 (arXiv 2410.15115): a policy with rewards per step repeats good ones, or writes many
    empty ones. Steps are those of `steps.split`. No solutions, or none with a step, have 0 of both."""
    texts = [[step.text for step in split(solution)] for solution in solutions]
    count = sum(map(len, texts))
    different = sum(len(set(steps)) for steps in texts)
    return StepCounts(count / max(1, len(texts)), (count - different) / max(1, count))
