"""Health of the stages: the conditions of `metrics.health` that held, when, and the remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerate.metrics.health import BY_NAME, sentences
from numerate.report.read import RunRecord, StageRecord
from numerate.report.results import finite_number


@dataclass(frozen=True, slots=True)
class Condition:
    """says: with the measured value of the first row in which it held."""

    name: str
    part: str
    """of the stage that logged it, empty for the stage itself"""
    says: str
    when: str
    reason: str
    remedy: str
    holds: bool
    """in the last row of the log"""


@dataclass(frozen=True, slots=True)
class Health:
    stage: str
    conditions: tuple[Condition, ...]
    rows: int
    """of its logs"""

    @property
    def holding(self) -> list[Condition]:
        """Returns the conditions at the end of the stage."""
        return [condition for condition in self.conditions if condition.holds and not condition.part]


def stage_health(run: RunRecord) -> list[Health]:
    """Returns the health of every stage that logged something."""
    return [
        Health(stage.name, tuple(stage_conditions(stage)), sum(len(rows) for rows in stage.logs.values()))
        for stage in run.stages
        if any(stage.logs.values())
    ]


def stage_conditions(stage: StageRecord) -> list[Condition]:
    """Returns the conditions in the order in which they began."""
    made: list[Condition] = []
    for part, rows in stage.logs.items():
        held: dict[str, list[tuple[int, float]]] = {}
        for row in rows:
            for name, value in noted_conditions(row):
                held.setdefault(name, []).append((int(finite_number(row.get("round")) or 0), value))
        for name, times in sorted(held.items(), key=lambda item: item[1][0][0]):
            says, remedy = sentences(name, times[0][1])
            when = round_span([number for number, _ in times], len(rows))
            holds = name in dict(noted_conditions(rows[-1]))
            made.append(Condition(name, part, says, when, BY_NAME[name].reason, remedy, holds))
    return made


def noted_conditions(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Returns the known conditions of a row with their values; a log may have other entries."""
    holds = row.get("health")
    if not isinstance(holds, dict):
        return []
    return [(name, value) for name in BY_NAME if (value := finite_number(holds.get(name))) is not None]


def round_span(numbers: Sequence[int], total: int) -> str:
    first = f"from step {numbers[0]} on" if len(numbers) > 1 else f"at step {numbers[0]}"
    return f"{first}, {len(numbers)} of {total} rows of the log"
