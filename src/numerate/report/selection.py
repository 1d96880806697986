"""Selection: strategies that choose one of several samples, and metrics of their scorers.

Rows without a scorer give one panel per problem set: how the samples divide among answers. Rows of scorers
give two per problem set and model: the strategies with each scorer's scores, and the scorers beside each
other. The tables are in `report/choices.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from numerate.metrics import catalog
from numerate.metrics.metric import Figure as FigureKind
from numerate.metrics.metric import Metric
from numerate.report import plots
from numerate.report.figures import Figure, Panel, lines_by_k, plain_name
from numerate.report.read import RunRecord
from numerate.report.results import Result, unique_names
from numerate.report.tables import SAMPLED, Cell, result_cell, sizes_text

SHARE_OF_RIGHT = "share of right samples, %"
ABSCISSAS = {
    "right_share": SHARE_OF_RIGHT,
    "right_share_lost": SHARE_OF_RIGHT,
    "right_to_top": "size relative to the largest cluster, %",
}
"""histogram -> name of its abscissa, whose labels are the lower ends of the bars"""


def selection_panels(run: RunRecord) -> list[Panel]:
    """Returns per problem set the figures of the votes; per model on it the strategies with each scorer, and
    the scorers themselves."""
    panels: list[Panel] = []
    judges = unique_names([row.judge for row in run.results if row.judge])
    for index, problems in enumerate(unique_names([row.problems for row in run.results])):
        mine = [row for row in run.results if row.problems == problems]
        figures = _votes([row for row in mine if not row.judge], run.models, f"s{index}")
        if figures:
            with_rows = tuple(model for model in run.models if any(row.model == model for row in mine))
            note = with_size("distribution of the samples over answers", _divided(mine))
            panels.append(Panel(problems, note, tuple(figures), models=with_rows))
        for number, model in enumerate(unique_names([row.model for row in mine if row.judge])):
            own = [row for row in mine if row.model == model]
            panels += _strategies(
                own, judges, f"{problems}: {plain_name(model)}, re-ranked", f"k{index}-{number}"
            )
            panels += _judges(own, judges, f"{problems}: {plain_name(model)}, scorers", f"j{index}-{number}")
    return panels


def _divided(rows: Sequence[Result]) -> list[Result]:
    names = {metric.name for metric in [*catalog.metrics_in("cost"), *catalog.metrics_in("histograms")[:1]]}
    return [row for row in rows if row.metric in names and not row.judge]


def with_size(words: str, rows: Sequence[Result]) -> str:
    """Returns a note with the number of problems behind the rows."""
    size = sizes_text(rows)
    return f"{words}, {size}" if size else words


def _votes(rows: Sequence[Result], models: Sequence[str], salt: str) -> list[Figure]:
    """Returns figures without scores, in the colours of the models."""
    figures: list[Figure] = []
    for metric in catalog.metrics_in("cost"):
        curve = [row for row in rows if row.metric == metric.name]
        if curve:
            name, note = catalog.title(metric.name, "K"), catalog.explain(metric.name, "K")
            tinted = [(index, [row for row in curve if row.model == m]) for index, m in enumerate(models)]
            svg = _lines(f"{salt}-cost", name, tinted, "K, clusters", 1.04)
            figures.append(Figure(name, note, svg))
    for metric in catalog.metrics_in("histograms"):
        bars = [row for row in rows if row.metric == metric.name and row.by]
        groups = unique_names([row.group for row in bars])
        drawn = [
            plots.Bars(index, [_height(bars, model, group) for group in groups])
            for index, model in enumerate(models)
            if any(row.model == model for row in bars)
        ]
        if drawn:
            begins = [plain_name(group.partition("-")[0], 8) for group in groups]
            svg = plots.plot_bars(
                f"{salt}-{metric.name}", metric.title, begins, drawn, x=ABSCISSAS[metric.name]
            )
            figures.append(Figure(metric.title, with_size(metric.help, bars), svg))
    return figures


def _height(rows: Sequence[Result], model: str, group: str) -> tuple[float, None, None] | None:
    """Returns the height of a bar, without an interval, which is unreadable in a histogram."""
    for row in rows:
        if row.model == model and row.group == group and row.value is not None:
            return row.value, None, None
    return None


def strategies() -> list[Metric]:
    """Returns the strategies in the order of their colours."""
    return catalog.metrics_in("strategies")


def by_limit(metric: Metric) -> str:
    """Returns the metric of the same strategy against K or N."""
    return metric.name.replace("_at_k", "_by_limit")


def drawn_metrics() -> set[str]:
    return {name for metric in strategies() for name in (metric.name, by_limit(metric))}


def _strategies(rows: Sequence[Result], judges: Sequence[str], heading: str, salt: str) -> Iterator[Panel]:
    """Yields the strategies in their colours, a pair of figures per scorer, all on one scale."""
    reached = [row for row in rows if row.metric in drawn_metrics()]
    top = min(1.0, 1.04 * max((row.high or row.value or 0.0 for row in reached), default=1.0)) or 1.0
    figures: list[Figure] = []
    for number, judge in enumerate(judges):
        own = [row for row in rows if row.judge in ("", judge)]
        both = (_against_samples, _against_limit)
        if any(row.judge and row.metric in drawn_metrics() for row in own):
            figures += [figure for draw in both if (figure := draw(own, judge, f"{salt}-{number}", top))]
    if figures:
        series = tuple(
            (index, metric.legend)
            for index, metric in enumerate(strategies())
            if any(row.metric == metric.name for row in rows)
        )
        of = [row for row in reached if row.metric.endswith("_at_k")]
        about = with_size("bands: 95% intervals over problems", of)
        greedy = next((row for row in rows if row.metric == SAMPLED and result_cell(row)), None)
        if greedy and (measured := result_cell(greedy)):
            about += f"; greedy on the same problems: {measured.text}"
        yield Panel(heading, about, tuple(figures), series=series, abreast=2)


def _against_samples(rows: Sequence[Result], judge: str, salt: str, top: float) -> Figure | None:
    tinted = [
        (index, [row for row in rows if row.metric == metric.name])
        for index, metric in enumerate(strategies())
    ]
    name = f"{plain_name(judge)}: accuracy against samples"
    svg = _lines(f"{salt}-k", name, tinted, "k, samples", top)
    return Figure(name, "by selection strategy", svg)


def _against_limit(rows: Sequence[Result], judge: str, salt: str, top: float) -> Figure | None:
    """Returns the figure of accuracy by K or N; a strategy without one is a level line at its accuracy with
    all samples."""
    limited = [row for row in rows if row.metric.endswith("_by_limit") and row.k and row.value is not None]
    if not limited:
        return None
    ends = sorted({row.k or 0 for row in limited})
    tinted: list[tuple[int, list[Result]]] = []
    for index, metric in enumerate(strategies()):
        mine = [row for row in limited if row.metric == by_limit(metric)]
        at_k = [row for row in rows if row.metric == metric.name and not mine]
        most = max((row.k or 0 for row in at_k), default=0)
        level = [row for row in at_k if row.k == most]
        tinted.append((index, mine or [replace(row, k=k) for row in level for k in (ends[0], ends[-1])]))
    tops = [row for row in rows if row.metric.endswith("_optimistic") and row.value is not None]
    best = max(tops, key=lambda row: row.value or 0.0, default=None)
    note = f"best {100 * (best.value or 0):.1f}% at {best.limit} (optimistic)" if best else ""
    name = f"{plain_name(judge)}: accuracy against K and N"
    svg = _lines(f"{salt}-limit", name, tinted, "K, clusters; N, samples", top)
    return Figure(name, note, svg)


def _judges(rows: Sequence[Result], judges: Sequence[str], heading: str, salt: str) -> Iterator[Panel]:
    """Returns figures of scores against labels, in the colours of the scorers."""
    figures = [figure for kind in AXES for figure in _against_truth(rows, judges, kind, salt)]
    seen = {row.judge for row in rows}
    series = tuple((index, judge) for index, judge in enumerate(judges) if judge in seen)
    if figures:
        yield Panel(heading, "scores against labels", tuple(figures), series=series)


AXES: dict[FigureKind, tuple[str, dict[str, Any]]] = {
    "roc": ("false positive rate", {"shares": True}),
    "reliability": ("score", {"shares": True}),
    "positions": ("step", {"top": 1.04}),
}
"""figure -> its abscissa, and its shape"""
SUMMED = {"roc": "auc", "reliability": "ece", "step_reliability": "step_ece"}
"""curve -> the number that sums it up"""


def _against_truth(
    rows: Sequence[Result], judges: Sequence[str], kind: FigureKind, salt: str
) -> Iterator[Figure]:
    x, shape = AXES[kind]
    for metric in catalog.metrics_in(kind):
        lines = [_judge_line(rows, metric.name, judge, index) for index, judge in enumerate(judges)]
        with_points = [line for line in lines if line.points]
        if with_points:
            name = f"{salt}-{metric.name}"
            svg = plots.plot_lines(name, metric.title, with_points, x=x, percent=True, **shape)
            note = _sole_value(rows, judges, SUMMED.get(metric.name, ""), metric.help)
            yield Figure(metric.title, note, svg)


def _judge_line(rows: Sequence[Result], metric: str, judge: str, tint: int) -> plots.PlotLine:
    """Returns the curve of a scorer against the x of the rows, or against the position that they are grouped
    by."""
    measured = [
        (float(row.group) if row.x is None else row.x, row.value, row.low, row.high)
        for row in rows
        if row.metric == metric and row.judge == judge and row.value is not None
        if row.x is not None or row.group.isdecimal()
    ]
    measured.sort(key=lambda point: point[:2])
    band = [(x, low, high) for x, _, low, high in measured if low is not None and high is not None]
    return plots.PlotLine(tint, [(x, y) for x, y, _, _ in measured], band)


def _sole_value(rows: Sequence[Result], judges: Sequence[str], metric: str, otherwise: str) -> str:
    """Returns "AUC 0.810 [0.780, 0.840]" of a single scorer; those of several stand in the table."""
    cells = [cell for judge in judges if (cell := _measured(rows, metric, judge))]
    return f"{catalog.title(metric, None)} {cells[0].sized}" if len(cells) == 1 else otherwise


def _measured(rows: Sequence[Result], metric: str, judge: str) -> Cell | None:
    mine = (row for row in rows if row.metric == metric and row.judge == judge and not row.by)
    return next((cell for row in mine if (cell := result_cell(row))), None)


def _lines(
    salt: str, name: str, tinted: Sequence[tuple[int, Sequence[Result]]], x: str, top: float
) -> plots.Markup:
    return plots.plot_lines(salt, name, lines_by_k(tinted), x=x, percent=True, doubling=True, top=top)
