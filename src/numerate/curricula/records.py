# pyright: strict
"""Records exchanged by curricula and training loops: problems, choices, outcomes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerate.types import Problem

State = Mapping[str, Any]
"""state of a curriculum: JSON values, {} at the start"""


@dataclass(frozen=True, slots=True)
class PrefixedProblem:
    """A problem to be sampled, and the part of its solution that is in the prompt."""

    problem: Problem
    prefix: str = ""
    """first steps of a solution, which the policy continues; empty: it writes the whole solution"""


@dataclass(frozen=True, slots=True)
class CurriculumChoice:
    """Input of a curriculum: the problems that a step may sample."""

    problems: Sequence[Problem]
    """problems that this step has not sampled yet"""
    usual: Sequence[Problem]
    """the next problems without a curriculum: every problem once before any is repeated"""
    count: int
    """number of problems"""
    style: str
    """prompt style, see `numerate.prompts`"""
    random: random.Random
    """of this step alone"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a problem: which of its rollouts are right."""

    problem: Problem
    right: Sequence[bool]
    """of each graded rollout"""
    solution: str = ""
    """the whole solution of the first right rollout; empty without one"""
    mean_abs_advantage: float | None = None
    """mean |A| over the tokens of its rollouts; None where none had a gradient"""

    @property
    def share(self) -> float | None:
        """Returns the share of right rollouts among the graded ones."""
        return sum(self.right) / len(self.right) if self.right else None
