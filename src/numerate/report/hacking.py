"""Reward against accuracy: the curves of every stage that learns from a reward, and where the alarm of
`metrics.reward_hacking` went off, the wrong rollouts that earned most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from numerate.metrics import reward_hacking
from numerate.report import plots
from numerate.report.figures import plain_name, thin_points, tint_of
from numerate.report.read import Points, RunRecord, StageRecord
from numerate.report.results import finite_number
from numerate.report.turns import clip_text

SHOWN = 6
"""rollouts on the page, of those in the log with the alarms of a stage"""


@dataclass(frozen=True, slots=True)
class Overpaid:
    """A wrong rollout with a high reward."""

    problem_id: str
    question: str
    index: int
    round: int
    reward: str
    text: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A stage with a reward of its own."""

    stage: str
    svg: Markup
    alarm: str
    """text of the alarm, empty without one"""
    overpaid: tuple[Overpaid, ...]
    """of the stage's loop, step or round"""


def watched_stages(run: RunRecord) -> list[Watched]:
    """Returns stages with a reward other than the right answer."""
    watched: list[Watched] = []
    for index, stage in enumerate(run.stages):
        reward, accuracy = stage_curve(stage, "reward/mean"), stage_curve(stage, "rollouts/accuracy")
        if reward and accuracy and reward != accuracy:
            tint = tint_of(run, stage, index)
            series = [
                ("reward", plots.PlotLine(tint, thin_points(reward)), False),
                ("accuracy", plots.PlotLine(tint, thin_points(accuracy)), True),
            ]
            name = f"Reward and accuracy of stage {plain_name(stage.name)}"
            svg = plots.plot_stacked(f"h{index}", name, series, x="step", shaded=alarm_spans(stage.alarms))
            shown = tuple(overpaid_rollouts(run, stage.alarms))
            watched.append(Watched(stage.name, svg, alarm_text(stage.alarms), shown))
    return watched


def stage_curve(stage: StageRecord, key: str) -> Points:
    """Returns the curve that the stage itself logged."""
    return next((curve.points for curve in stage.series.get(key, ()) if not curve.part), ())


def alarm_rounds(row: Mapping[str, Any]) -> tuple[int, int]:
    """Returns the round of an alarm, and the number of rounds of its window."""
    last, seen = finite_number(row.get("round")), finite_number(row["hacking"].get("rounds"))
    return int(last or 0), int(seen or reward_hacking.FEWEST)


def alarm_spans(alarms: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Returns the stretches of rounds with an alarm, from half a round before the first to half a round
    after."""
    spans: list[tuple[float, float]] = []
    for last, _ in map(alarm_rounds, alarms):
        first = last - 0.5
        if spans and spans[-1][1] >= first:
            first = spans.pop()[0]
        spans.append((first, last + 0.5))
    return spans


def alarm_text(alarms: Sequence[Mapping[str, Any]]) -> str:
    if not alarms:
        return ""
    first, seen = alarm_rounds(alarms[0])
    after = len(alarms) - 1
    more = f", and at {after} later step{'s' if after > 1 else ''}" if after else ""
    return f"The reward rose while accuracy fell: at step {first}, over the last {seen} steps{more}."


def overpaid_rollouts(run: RunRecord, alarms: Sequence[Mapping[str, Any]]) -> list[Overpaid]:
    """Returns the rollouts with the highest rewards first, each text once; of equal rewards the first
    ones."""
    problems = {key: problem for members in run.problems.values() for key, problem in members.items()}
    rows = [
        (alarm_rounds(row)[0], shown)
        for row in alarms
        for shown in row["hacking"].get("rollouts") or []
        if isinstance(shown, dict) and finite_number(shown.get("reward")) is not None
    ]
    rows.sort(key=lambda row: -(finite_number(row[1]["reward"]) or 0.0))
    by_text: dict[str, Overpaid] = {}
    for round_, shown in rows:
        problem = problems.get(str(shown.get("problem_id")))
        text = clip_text(str(shown.get("text") or ""))
        row = Overpaid(
            problem_id=clip_text(str(shown.get("problem_id")), 200),
            question=clip_text(problem.question) if problem else "",
            index=int(finite_number(shown.get("index")) or 0),
            round=round_,
            reward=f"{finite_number(shown['reward']):.3g}",
            text=text,
        )
        by_text.setdefault(text, row)
    return list(by_text.values())[:SHOWN]
