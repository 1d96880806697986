"""Curricula: which problems a step samples, and how much of their solutions is in the prompt.

    backtracking        starts near the end of a known solution, one step earlier after each success
    prioritized_replay  repeats problems by their mean absolute advantage and their age
    pools               easy, middle, hard and new problems, each with its share of a step

A curriculum is an option of a stage (`kind` names it) and pure: it maps the state, plain JSON values that are
saved with every checkpoint, to the next problems, and their outcomes to the next state. Without a curriculum
every problem is sampled once before any is repeated.
"""

from typing import Annotated

from pydantic import Field

from numerate.curricula.backtracking import Backtracking
from numerate.curricula.pools import Pools
from numerate.curricula.prioritized_replay import PrioritizedReplay
from numerate.curricula.records import CurriculumChoice, Outcome, PrefixedProblem, State

Curriculum = Annotated[Backtracking | PrioritizedReplay | Pools, Field(discriminator="kind")]
"""option `curriculum` of a stage"""

__all__ = [
    "Backtracking",
    "Curriculum",
    "CurriculumChoice",
    "Outcome",
    "Pools",
    "PrefixedProblem",
    "PrioritizedReplay",
    "State",
]
