"""Steps of a solution as a scorer reads them: the last one together with the line of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerate.steps import split
from numerate.types import Step


@dataclass(frozen=True, slots=True)
class SplitSolution:
    steps: tuple[Step, ...]
    texts: tuple[str, ...]
    """one per step; what follows the last step, such as `#### 72`, belongs to its text. A solution of an
    answer alone has one text and no step"""


def split_solution(solution: str, steps: Sequence[Step] | None = None) -> SplitSolution:
    """Splits a solution into steps. steps: those of the solution, where they are known already."""
    parts = tuple(split(solution) if steps is None else steps)
    starts = [0, *(step.start for step in parts[1:])]
    ends = [*starts[1:], len(solution)]
    texts = tuple(solution[a:b].strip() for a, b in zip(starts, ends, strict=True))
    return SplitSolution(parts, texts if any(texts) else ())


def split_at(texts: Sequence[str]) -> SplitSolution:
    """Joins a solution that is already split into steps by line breaks."""
    steps: list[Step] = []
    at = 0
    for text in texts:
        steps.append(Step(at, at + len(text), text))
        at += len(text) + 1
    return SplitSolution(tuple(steps), tuple(texts))
