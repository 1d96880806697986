"""The figures of a page: which numbers go into which drawing, and what is said where there are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from numerate.metrics import catalog
from numerate.metrics.metric import Metric
from numerate.progress import count_of
from numerate.report import plots
from numerate.report.read import Points, RunRecord, StageRecord
from numerate.report.results import Result, unique_names
from numerate.report.rounds import Round
from numerate.report.tables import SAMPLED, result_cell, sizes_text, whole_set

FIRST = {
    "train/loss": "Training loss",
    "train/lr": "Learning rate",
    "validation/accuracy": "Validation accuracy",
    "rollouts/accuracy": "Accuracy of the rollouts",
    "rollouts/solved": "Problems with a right rollout",
    "data/distinct_right": "Distinct right rollouts per problem",
    "data/rows": "Training rows",
}
SHARES = ("accuracy", "solved", "diversity", "share", "fraction", "unanswered", "truncated")
DENSE = 400  # points of one curve; longer ones are averaged in bins


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    note: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Panel:
    """Figures under one heading."""

    title: str
    note: str
    figures: tuple[Figure, ...]
    more: tuple[Figure, ...] = ()
    """figures in the fold "more measurements"."""
    models: tuple[str, ...] = ()
    """models of the colours, where there are several"""
    series: tuple[tuple[int, str], ...] = ()
    """series of the colours other than models: (colour, name)"""
    abreast: int = 3
    """figures in a row, where the page is wide enough: 2 for pairs"""


def plain_name(text: str, most: int = 40) -> str:
    """Returns a name fit for a drawing: no control characters, on one line, not too long."""
    line = re.sub(
        r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+", " ", text
    )
    return line if len(line) <= most else line[: most - 1] + "…"


def learning_panels(run: RunRecord) -> list[Panel]:
    """Returns one panel per stage that logged something."""
    panels: list[Panel] = []
    for index, stage in enumerate(run.stages):
        curves = {key for key, parts in stage.series.items() if any(len(part.points) > 1 for part in parts)}
        present = [key for key in FIRST if key in stage.series]
        first = [key for key in present if key in curves] or present  # one point is no curve
        rest = sorted(key for key in stage.series if key not in first)
        shown = first or rest[:4]
        hidden = [key for key in rest if key not in shown]
        if shown:
            tint = tint_of(run, stage, index)
            panels.append(
                Panel(
                    stage.name,
                    stage.method.replace("_", " ") if stage.method != stage.name else "",
                    tuple(_curve(run, stage, key, tint, f"l{index}-{at}") for at, key in enumerate(shown)),
                    tuple(_curve(run, stage, key, tint, f"m{index}-{at}") for at, key in enumerate(hidden)),
                )
            )
    return panels


def tint_of(run: RunRecord, stage: StageRecord, index: int) -> int:
    """Returns the colour of a stage, that of the model it makes."""
    return run.models.index(stage.name) if stage.name in run.models else len(run.models) + index


def _curve(run: RunRecord, stage: StageRecord, key: str, tint: int, salt: str) -> Figure:
    curves = stage.series[key]
    name = FIRST.get(key, plain_name(key))
    points = [point for curve in curves for point in curve.points]
    share = any(word in key for word in SHARES) and all(0 <= y <= 1 for _, y in points)
    shown = max(y for _, y in points) if key == "train/lr" else points[-1][1]
    verb = "peaks" if key == "train/lr" else "ends"
    note = f"{verb} at " + (f"{100 * shown:.1f}%" if share else f"{shown:.4g}")
    note += sample_size_note(run, stage, key)
    if len(curves) > 1:
        note = f"{note}; {len(curves)} curves, the last one darkest"
    lines = [
        plots.PlotLine(tint, thin_points(curve.points), strength=(index + 2) / (len(curves) + 1))
        for index, curve in enumerate(curves)
    ]
    return Figure(
        name,
        note,
        plots.plot_lines(salt, f"{name} of stage {plain_name(stage.name)}", lines, x="step", percent=share),
    )


def sample_size_note(run: RunRecord, stage: StageRecord, key: str) -> str:
    """Returns ", n=200 problems" for a share over problems, ", n=64 rollouts" for one over the rollouts of
    the last round; empty where the number is not known."""
    if key == "validation/accuracy" and (size := validation_size(run, stage)):
        return f", n={count_of(size, 'problem')}"
    if key == "rollouts/accuracy" and (counts := stage.series.get("rollouts/count")):
        return f", n={counts[-1].points[-1][1]:,.0f} rollouts"
    return ""


def validation_size(run: RunRecord, stage: StageRecord) -> int:
    """Returns how many problems a stage validates on, 0 where the run has no validation problems."""
    stages = run.recipe.get("stages")
    options = stages.get(stage.name) if isinstance(stages, Mapping) else None
    sizes = [len(run.problems.get("validation", ()))]
    validate = options.get("validate") if isinstance(options, Mapping) else None
    limit = validate.get("limit") if isinstance(validate, Mapping) else None
    return min([*sizes, limit] if isinstance(limit, int) else sizes)


def thin_points(points: Points, most: int = DENSE) -> Points:
    """Returns at most `most` points, each the mean of a bin of neighbours."""
    if len(points) <= most:
        return points
    size = -(-len(points) // most)
    bins = [points[at : at + size] for at in range(0, len(points), size)]
    return tuple((sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in bins)


def sample_panels(run: RunRecord) -> list[Panel]:
    """Returns accuracy against the number of samples: one panel per problem set."""
    panels: list[Panel] = []
    curves = catalog.metrics_in("curves")
    names = {metric.name for metric in curves}
    for index, problems in enumerate(_sets(run)):
        mine = [row for row in whole_set(run.results) if row.problems == problems]
        reached = [row.high or row.value or 0.0 for row in mine if row.metric in names]
        top = min(1.0, 1.04 * max(reached, default=1.0)) or 1.0
        figures = [
            figure
            for metric in curves
            if (figure := _against(mine, run.models, metric, f"k{index}-{metric.name}", top))
        ]
        if figures:
            note = _over([row for row in mine if row.metric in names]) + _greedy(run, mine)
            panels.append(Panel(problems, note, tuple(figures), models=_known(run, mine)))
    return panels


def _greedy(run: RunRecord, rows: Sequence[Result]) -> str:
    """Returns the greedy accuracy on the problems that were sampled, of each model that has one."""
    accuracies = [
        f"{plain_name(row.model)} {measured.text}"
        for row in rows
        if row.metric == SAMPLED and (measured := result_cell(row)) is not None
    ]
    return f"; greedy on the same problems: {', '.join(accuracies)}" if accuracies else ""


def _against(
    rows: Sequence[Result], models: Sequence[str], metric: Metric, salt: str, top: float
) -> Figure | None:
    mine = [row for row in rows if row.metric == metric.name]
    lines = lines_by_k((tint, [row for row in mine if row.model == m]) for tint, m in enumerate(models))
    if not lines:
        return None
    letter = "K, clusters" if metric.over == "k clusters" else "k, samples"
    name = catalog.title(metric.name, letter[0])
    svg = plots.plot_lines(salt, name, lines, x=letter, percent=True, doubling=True, top=top)
    return Figure(name, catalog.explain(metric.name, letter[0]), svg)


def lines_by_k(tinted: Iterable[tuple[int, Sequence[Result]]]) -> list[plots.PlotLine]:
    """Maps (colour, rows) to the values of the rows against their k, with their intervals as a band."""
    lines: list[plots.PlotLine] = []
    for tint, rows in tinted:
        measured = sorted(
            (row for row in rows if row.k and row.value is not None), key=lambda row: row.k or 0
        )
        points = [(float(row.k or 0), row.value or 0.0) for row in measured]
        band = [
            (float(row.k or 0), row.low, row.high)
            for row in measured
            if row.low is not None and row.high is not None
        ]
        if points:
            lines.append(plots.PlotLine(tint, points, band))
    return lines


def difficulty_panels(run: RunRecord) -> list[Panel]:
    """Returns greedy accuracy by groups of problems: one panel per problem set."""
    panels: list[Panel] = []
    for index, problems in enumerate(_sets(run)):
        rows = [
            row for row in run.results if row.problems == problems and row.by and row.metric == "accuracy"
        ]
        names = unique_names([row.by for row in rows])
        figures = [
            _breakdown([row for row in rows if row.by == by], run.models, by, f"d{index}-{at}")
            for at, by in enumerate(names)
        ]
        if figures:
            about = "greedy accuracy, 95% intervals"
            panels.append(Panel(problems, about, tuple(figures), models=_known(run, rows)))
    return panels


def _breakdown(rows: Sequence[Result], models: Sequence[str], by: str, salt: str) -> Figure:
    groups = sorted(unique_names([row.group for row in rows]), key=_natural)
    bars: list[plots.Bars] = []
    for tint, model in enumerate(models):
        mine = {row.group: row for row in rows if row.model == model}
        values = [_triple(mine.get(group)) for group in groups]
        if any(value is not None for value in values):
            bars.append(plots.Bars(tint, values))
    sizes = {row.group: row.n for row in rows if row.n is not None}
    labels = [
        f"{plain_name(group, 22) or '(none)'}\n" + (f"n={sizes[group]:,}" if group in sizes else "")
        for group in groups
    ]
    name = f"By {plain_name(by)}"
    return Figure(
        name, "", plots.plot_bars(salt, f"Accuracy by {plain_name(by)}", labels, bars, x=plain_name(by))
    )


def _triple(row: Result | None) -> tuple[float, float | None, float | None] | None:
    return None if row is None or row.value is None else (row.value, row.low, row.high)


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts "2" before "10" and "Level 2" before "Level 10"."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,18})", text)]


def diversity_panels(run: RunRecord, rounds: Sequence[Round]) -> list[Panel]:
    """Returns panels of the diversity of samples: per model and problem set, then per round of every stage
    that samples."""
    panels: list[Panel] = []
    spread = [metric.name for metric in catalog.metrics_in("diversity")]
    for index, problems in enumerate(_sets(run)):
        mine = [row for row in whole_set(run.results) if row.problems == problems]
        figures = [
            figure for metric in spread if (figure := _spread(mine, run.models, metric, f"v{index}-{metric}"))
        ]
        if figures:
            note = _over([row for row in mine if row.metric in spread])
            panels.append(Panel(problems, note, tuple(figures), models=_known(run, mine)))
    for index, stage in enumerate(run.stages):
        mine = [round_ for round_ in rounds if round_.stage == stage.name]
        if mine:
            logged = "rollouts/accuracy" in stage.series
            figures = _by_round(mine, tint_of(run, stage, index), f"w{index}", logged)
            panels.append(Panel(f"{stage.name}, by round", _drawn(mine), tuple(figures)))
    return panels


def _by_round(rounds: Sequence[Round], tint: int, salt: str, logged: bool) -> list[Figure]:
    """Returns the figures by round. logged: the stage has logged the accuracy of its rollouts, which is among
    its curves."""
    shown = (
        ("accuracy", "Right rollouts", "share of the graded rollouts"),
        ("exact", catalog.title("diversity_exact", None), "per problem"),
        ("trace", catalog.title("diversity_trace", None), "per problem"),
    )
    figures: list[Figure] = []
    for name, heading, note in shown:
        points = [(float(r.round), value) for r in rounds if (value := getattr(r, name)) is not None]
        if points and not (logged and name == "accuracy"):
            lines = [plots.PlotLine(tint, points)]
            label = f"{heading} by round"
            svg = plots.plot_lines(f"{salt}-{name}", label, lines, x="round", percent=name == "accuracy")
            figures.append(Figure(heading, note, svg))
    return figures


def _drawn(rounds: Sequence[Round]) -> str:
    seen, total = sum(r.seen for r in rounds), sum(r.total for r in rounds)
    return f"from {seen:,} of {total:,} rollouts" if seen < total else f"from all {total:,} rollouts"


def _spread(rows: Sequence[Result], models: Sequence[str], metric: str, salt: str) -> Figure | None:
    by_model: Mapping[str, Result] = {
        row.model: row for row in rows if row.metric == metric and row.value is not None
    }
    measured = [model for model in models if model in by_model]
    if not measured:
        return None
    bars = [
        plots.Bars(
            models.index(model), [_triple(by_model[model]) if model == other else None for other in measured]
        )
        for model in measured
    ]
    k = by_model[measured[0]].k
    name, note = catalog.title(metric, k), catalog.explain(metric, k)
    labels = [plain_name(model, 22) for model in measured]
    return Figure(name, note, plots.plot_bars(salt, name, labels, bars, together=True, percent=False))


def _sets(run: RunRecord) -> list[str]:
    return unique_names([row.problems for row in run.results])


def _known(run: RunRecord, rows: Sequence[Result]) -> tuple[str, ...]:
    present = {row.model for row in rows}
    return tuple(model for model in run.models if model in present)


def _over(rows: Sequence[Result]) -> str:
    """Returns the note of a figure. rows: those in the figure."""
    size = sizes_text(rows)
    return f"{size} problems, 95% intervals" if size else ""
