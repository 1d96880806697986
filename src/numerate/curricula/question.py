# pyright: strict
"""Records exchanged by curricula and training loops: questions, choices, outcomes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerate.types import Problem

State = Mapping[str, Any]
"""what a curriculum remembers: JSON values, {} at the start"""


@dataclass(frozen=True, slots=True)
class Question:
    problem: Problem
    beginning: str = ""
    """of a solution, given to the policy to go on from; empty: it writes all of it"""


@dataclass(frozen=True, slots=True)
class CurriculumChoice:
    """The problems and their state that a curriculum chooses the questions of a step from."""

    problems: Sequence[Problem]
    """those that this step has not asked yet"""
    usual: Sequence[Problem]
    """what would come without a curriculum: every problem once before any comes again"""
    count: int
    """how many questions"""
    style: str
    """how a problem is put to the model, see numerate.prompts"""
    random: random.Random
    """of this step alone"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a question: which rollouts were right, a right solution, and mean |A|."""

    problem: Problem
    right: Sequence[bool]
    """of each attempt that was graded"""
    solution: str = ""
    """whole, of the first right attempt; empty without one"""
    surprise: float | None = None
    """mean |A| over the tokens of its attempts; None where none was learned from"""

    @property
    def share(self) -> float | None:
        """Right attempts, of those that were graded."""
        return sum(self.right) / len(self.right) if self.right else None
