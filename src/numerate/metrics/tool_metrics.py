# pyright: strict
"""Metrics of episodes: a part of the table in `metrics/catalog.py`. Each is measured on the greedy rollouts,
and on the samples under its name with `_sampled`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from numerate.metrics import episodes
from numerate.metrics.metric import Metric, Unit
from numerate.types import Rollout

COLUMNS = ("tool_calls", "tool_errors", "answer_printed")
"""shown in the tables of models, of greedy rollouts"""
RECORDS: tuple[tuple[str, str, str, Callable[[Sequence[Rollout]], episodes.Ratio], Unit], ...] = (
    ("tool_calls", "Calls", "calls of programs per rollout", episodes.call_count, "count"),
    ("tool_turns", "Turns", "turns of the policy per rollout", episodes.turn_count, "count"),
    (
        "tool_errors",
        "Calls with an error",
        "share of the calls whose program had an error",
        episodes.error_calls,
        "share",
    ),
    (
        "tool_limits",
        "Calls at a limit",
        "share of the calls whose program reached a limit on time, memory, output or disk",
        episodes.limit_calls,
        "share",
    ),
    (
        "tool_crashes",
        "Crashed calls",
        "share of the calls whose program crashed, was killed, or could not be confined",
        episodes.crashed_calls,
        "share",
    ),
    (
        "tool_flaws",
        "Flawed calls",
        "rollouts with a call that is not closed, has no program, broken JSON, or an answer beside it",
        episodes.flawed_rollouts,
        "share",
    ),
    (
        "answer_printed",
        "Printed answers",
        "share of the answers that a program printed last",
        episodes.printed_answers,
        "share",
    ),
    (
        "finish_max_turns",
        "At the turn limit",
        "rollouts that ended because they wanted more calls than allowed",
        episodes.count_finish("max_turns"),
        "share",
    ),
    (
        "finish_tool_error",
        "Ended by a tool",
        "rollouts that ended because no program could run, or by code and answer in one turn",
        episodes.count_finish("tool_error"),
        "share",
    ),
)


def tool_metrics() -> Iterator[Metric]:
    """Yields each metric of `RECORDS`, of greedy rollouts and of samples."""
    for name, title, help, value, unit in RECORDS:
        yield Metric(name, title, help, value, unit, "greedy episodes", name in COLUMNS)
        yield Metric(
            f"{name}_sampled", f"{title}, samples", f"{help}; samples", value, unit, "sampled episodes"
        )


TOOL_METRICS = tuple(tool_metrics())
