"""Curricula: which problems a step asks, and with how much of their solutions given.

backtracking        go on from near the end of a known solution, from ever earlier as that succeeds
prioritized_replay  ask problems again by how much there was to learn from them, and how long ago
pools               easy, middle, hard and new problems, each with its share of a step

A curriculum is an option of a stage (`kind` says which) and pure: from the state, plain JSON values that are
saved with every checkpoint, it says what is asked, and from what came of it the next state. Without one every
problem is asked once before any is asked again.
"""

from typing import Annotated

from pydantic import Field

from numerate.curricula.backtracking import Backtracking
from numerate.curricula.pools import Pools
from numerate.curricula.prioritized_replay import PrioritizedReplay
from numerate.curricula.question import CurriculumChoice, Outcome, Question, State

Curriculum = Annotated[Backtracking | PrioritizedReplay | Pools, Field(discriminator="kind")]

__all__ = [
    "Backtracking",
    "Curriculum",
    "CurriculumChoice",
    "Outcome",
    "Pools",
    "PrioritizedReplay",
    "Question",
    "State",
]
