"""Selection: which of several samples to hand in, and what the judges behind it are worth.

Rows without a judge give one panel per problem set: how the samples divide among answers. Rows of judges
give two per problem set and model: what the strategies make of each judge's scores, and the judges beside
each other. The tables are in `report/choices.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from numerate.metrics.rerank_accuracy import LIMITED
from numerate.report import plots
from numerate.report.figures import Figure, Panel, plain_name
from numerate.report.read import RunRecord
from numerate.report.results import Result, unique_names
from numerate.report.tables import SAMPLED, Cell, result_cell, sizes_text

NAMES = {
    "maj_at_k": "Majority",
    "rerank_all_at_k": "Best score",
    "rerank_topk_at_k": "Best score in top K",
    "weighted_at_k": "Weighted vote",
    "weighted_topk_at_k": "Weighted in top K",
    "majority_topn_at_k": "Majority of top N",
    "outlier_free_at_k": "Outlier-free",
}
"""the strategies in the order of their colours"""
DRAWN = frozenset(NAMES) | {f"{name}_by_limit" for name in LIMITED}


def selection_panels(run: RunRecord) -> list[Panel]:
    """Per problem set how the samples divide; per model on it what every judge makes of them, and the judges
    themselves."""
    panels: list[Panel] = []
    judges = unique_names([row.judge for row in run.results if row.judge])
    for index, problems in enumerate(unique_names([row.problems for row in run.results])):
        mine = [row for row in run.results if row.problems == problems]
        figures = _votes([row for row in mine if not row.judge], run.models, f"s{index}")
        if figures:
            known = tuple(model for model in run.models if any(row.model == model for row in mine))
            note = with_size("how the samples divide among answers", _divided(mine))
            panels.append(Panel(problems, note, tuple(figures), models=known))
        for number, model in enumerate(unique_names([row.model for row in mine if row.judge])):
            own = [row for row in mine if row.model == model]
            panels += _strategies(
                own, judges, f"{problems}: {plain_name(model)}, re-ranked", f"k{index}-{number}"
            )
            panels += _judges(
                own, judges, f"{problems}: {plain_name(model)}, the judges", f"j{index}-{number}"
            )
    return panels


def _divided(rows: Sequence[Result]) -> list[Result]:
    return [row for row in rows if row.metric in ("scored_share", "right_share") and not row.judge]


def with_size(words: str, rows: Sequence[Result]) -> str:
    """Returns a note with the number of problems behind the rows."""
    size = sizes_text(rows)
    return f"{words}, {size}" if size else words


def _votes(rows: Sequence[Result], models: Sequence[str], salt: str) -> list[Figure]:
    """Returns the figure of votes, which need no judge: the models have their colours."""
    figures: list[Figure] = []
    curve = [row for row in rows if row.metric == "scored_share"]
    if curve:
        tinted = [(index, [row for row in curve if row.model == m]) for index, m in enumerate(models)]
        svg = _lines(f"{salt}-cost", "Share to read", tinted, "K, clusters", doubling=True, top=1.04)
        figures.append(Figure("What a judge must read", "samples in the K largest clusters", svg))
    for metric, name, note in (
        ("right_share", "Share of the right answer", "problems by the share of their samples that is right"),
        ("right_share_lost", "The same where the vote is lost", "though a right answer is among the samples"),
        (
            "right_to_top",
            "Right cluster against the largest",
            "its size over the largest one's, where the vote is lost",
        ),
    ):
        bars = [row for row in rows if row.metric == metric and row.by]
        groups = unique_names([row.group for row in bars])
        drawn = [
            plots.Bars(index, [_height(bars, model, group) for group in groups])
            for index, model in enumerate(models)
            if any(row.model == model for row in bars)
        ]
        if drawn:
            begins = [plain_name(group.partition("-")[0], 8) for group in groups]
            svg = plots.plot_bars(f"{salt}-{metric}", name, begins, drawn, x="from %")
            figures.append(Figure(name, with_size(note, bars), svg))
    return figures


def _height(rows: Sequence[Result], model: str, group: str) -> tuple[float, None, None] | None:
    """Of a bar; a histogram with intervals can't be read."""
    for row in rows:
        if row.model == model and row.group == group and row.value is not None:
            return row.value, None, None
    return None


def _strategies(rows: Sequence[Result], judges: Sequence[str], heading: str, salt: str) -> Iterator[Panel]:
    """The strategies in their colours, a pair of figures per judge, all on one scale."""
    reached = [row for row in rows if row.metric.endswith(("_at_k", "_by_limit")) and row.metric in DRAWN]
    top = min(1.0, 1.04 * max((row.high or row.value or 0.0 for row in reached), default=1.0)) or 1.0
    figures: list[Figure] = []
    for number, judge in enumerate(judges):
        own = [row for row in rows if row.judge in ("", judge)]
        both = (_against_attempts, _against_limit)
        if any(row.judge and row.metric in DRAWN for row in own):
            figures += [figure for draw in both if (figure := draw(own, judge, f"{salt}-{number}", top))]
    if figures:
        series = tuple(enumerate(NAMES.values()))
        of = [row for row in reached if row.metric.endswith("_at_k")]
        about = with_size("bands are 95% intervals over problems", of)
        greedy = next((row for row in rows if row.metric == SAMPLED and result_cell(row)), None)
        if greedy and (measured := result_cell(greedy)):
            about += f"; greedy on the same problems: {measured.text}"
        yield Panel(heading, about, tuple(figures), series=series, abreast=2)


def _against_attempts(rows: Sequence[Result], judge: str, salt: str, top: float) -> Figure | None:
    tinted = [(index, [row for row in rows if row.metric == name]) for index, name in enumerate(NAMES)]
    name = f"{plain_name(judge)}: accuracy against attempts"
    svg = _lines(f"{salt}-k", name, tinted, "k, samples", doubling=True, top=top)
    return Figure(name, "of what each strategy hands in", svg)


def _against_limit(rows: Sequence[Result], judge: str, salt: str, top: float) -> Figure | None:
    """Returns the figure of accuracy by K or N; a strategy without one is a level line at its accuracy with
    all samples."""
    limited = [row for row in rows if row.metric.endswith("_by_limit") and row.k and row.value is not None]
    if not limited:
        return None
    ends = sorted({row.k or 0 for row in limited})
    most = max((row.k or 0 for row in rows if row.metric in NAMES), default=0)
    tinted: list[tuple[int, list[Result]]] = []
    for index, name in enumerate(NAMES):
        mine = [row for row in limited if row.metric == name.replace("_at_k", "_by_limit")]
        level = [row for row in rows if row.metric == name and row.k == most and not mine]
        tinted.append((index, mine or [replace(row, k=k) for row in level for k in (ends[0], ends[-1])]))
    tops = [row for row in rows if row.metric.endswith("_optimistic") and row.value is not None]
    best = max(tops, key=lambda row: row.value or 0.0, default=None)
    note = f"best here {100 * (best.value or 0):.1f}% at {best.limit}, which is optimistic" if best else ""
    name = f"{plain_name(judge)}: accuracy against K and N"
    svg = _lines(f"{salt}-limit", name, tinted, "K, clusters; N, samples", doubling=True, top=top)
    return Figure(name, note, svg)


def _judges(rows: Sequence[Result], judges: Sequence[str], heading: str, salt: str) -> Iterator[Panel]:
    """The judges in their colours: their scores against the truth."""
    drawn = (_roc, _reliability, _positions)
    figures = [figure for draw in drawn for figure in draw(rows, judges, salt)]
    seen = {row.judge for row in rows}
    series = tuple((index, judge) for index, judge in enumerate(judges) if judge in seen)
    if figures:
        yield Panel(heading, "their scores against the truth", tuple(figures), series=series)


def _roc(rows: Sequence[Result], judges: Sequence[str], salt: str) -> Iterator[Figure]:
    drawn = [plots.PlotLine(index, sorted(_points(rows, "roc", judge))) for index, judge in enumerate(judges)]
    drawn = [line for line in drawn if line.points]
    if drawn:
        svg = plots.plot_lines(
            f"{salt}-roc", "ROC curve", drawn, x="wrong ones called right", percent=True, shares=True
        )
        yield Figure(
            "Right ones called right", _told(rows, judges, "auc", "AUC", "the area under it is the AUC"), svg
        )


def _reliability(rows: Sequence[Result], judges: Sequence[str], salt: str) -> Iterator[Figure]:
    for metric, name, error in (
        ("reliability", "Share that is right, by score", "ece"),
        ("step_reliability", "Share of steps that are right, by score", "step_ece"),
    ):
        drawn = [line for index, judge in enumerate(judges) if (line := _bins(rows, metric, judge, index))]
        if drawn:
            svg = plots.plot_lines(f"{salt}-{metric}", name, drawn, x="score", percent=True, shares=True)
            note = _told(rows, judges, error, "ECE", "the diagonal: scores are probabilities")
            yield Figure(name, note, svg)


def _bins(rows: Sequence[Result], metric: str, judge: str, tint: int) -> plots.PlotLine | None:
    bins = sorted(
        (row.x, row.value, row.low, row.high)
        for row in rows
        if row.metric == metric and row.judge == judge
        if row.x is not None and row.value is not None and row.low is not None and row.high is not None
    )
    if not bins:
        return None
    return plots.PlotLine(tint, [(x, y) for x, y, _, _ in bins], [(x, low, high) for x, _, low, high in bins])


def _positions(rows: Sequence[Result], judges: Sequence[str], salt: str) -> Iterator[Figure]:
    for metric, name, note in (
        ("step_precision", "Steps called wrong that are", "precision, by place in the solution"),
        ("step_recall", "Wrong steps called wrong", "recall, by place in the solution"),
    ):
        drawn = [
            plots.PlotLine(
                index,
                sorted(
                    (float(row.group), row.value)
                    for row in rows
                    if row.metric == metric and row.judge == judge
                    if row.group.isdecimal() and row.value is not None
                ),
            )
            for index, judge in enumerate(judges)
        ]
        drawn = [line for line in drawn if line.points]
        if drawn:
            svg = plots.plot_lines(f"{salt}-{metric}", name, drawn, x="step", percent=True, top=1.04)
            yield Figure(name, note, svg)


def _points(rows: Sequence[Result], metric: str, judge: str) -> list[tuple[float, float]]:
    return [
        (row.x, row.value)
        for row in rows
        if row.metric == metric and row.judge == judge and row.x is not None and row.value is not None
    ]


def _told(rows: Sequence[Result], judges: Sequence[str], metric: str, name: str, otherwise: str) -> str:
    """ "AUC 81.0% [78.0, 84.0]" of a single judge; those of several stand in the table."""
    cells = [cell for judge in judges if (cell := _measured(rows, metric, judge))]
    return f"{name} {cells[0].sized}" if len(cells) == 1 else otherwise


def _measured(rows: Sequence[Result], metric: str, judge: str) -> Cell | None:
    mine = (row for row in rows if row.metric == metric and row.judge == judge and not row.by)
    return next((cell for row in mine if (cell := result_cell(row))), None)


def _lines(
    salt: str,
    name: str,
    tinted: Sequence[tuple[int, Sequence[Result]]],
    x: str,
    doubling: bool = False,
    top: float | None = None,
) -> plots.Markup:
    drawn: list[plots.PlotLine] = []
    for tint, rows in tinted:
        known = sorted((row for row in rows if row.k and row.value is not None), key=lambda row: row.k or 0)
        points = [(float(row.k or 0), row.value or 0.0) for row in known]
        band = [
            (float(row.k or 0), row.low, row.high)
            for row in known
            if row.low is not None and row.high is not None
        ]
        if points:
            drawn.append(plots.PlotLine(tint, points, band))
    return plots.plot_lines(salt, name, drawn, x=x, percent=True, doubling=doubling, top=top)
