"""Selection: which of several samples to hand in, and what the judges behind it are worth.

Rows without a judge give one panel per problem set: how the samples divide among answers. Rows of a judge
give two per problem set, model and judge. A table sets judges against the models whose samples they
re-rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numerate.report import plots
from numerate.report.figures import Figure, Panel, plain
from numerate.report.read import Run
from numerate.report.results import Result, ordered
from numerate.report.tables import STRATEGIES, Cell, Column, cell, judged, title, whole_set

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
METRICS = ("auc", "ece")


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    model: str
    judge: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """One problem set: what every strategy makes of each model's samples with each judge's scores."""

    name: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[ChoiceRow, ...]


def choices(run: Run) -> list[Choices]:
    """A table per problem set that a judge has scores for."""
    found: list[Choices] = []
    for problems in ordered([row.problems for row in judged(run.results)]):
        mine = [row for row in judged(run.results) if row.problems == problems]
        votes = [row for row in whole_set(run.results) if row.problems == problems and row.metric in NAMES]
        most = max((row.k or 1 for row in mine if row.metric in NAMES), default=None)
        metrics = [name for name in (*STRATEGIES, *METRICS) if any(r.metric == name for r in mine + votes)]
        columns = tuple(Column(name, most, *title(name, most)) for name in metrics)
        pairs = dict.fromkeys((row.model, row.judge) for row in mine)
        rows = tuple(
            ChoiceRow(model, judge, tuple(_cell(mine + votes, model, judge, c) for c in columns))
            for model, judge in sorted(pairs, key=lambda pair: run.models.index(pair[0]))
        )
        found.append(Choices(problems, "every way to select, with every judge", columns, rows))
    return found


def _cell(rows: Sequence[Result], model: str, judge: str, column: Column) -> Cell | None:
    for row in rows:
        same = row.model == model and row.metric == column.metric and row.judge in ("", judge)
        if same and (column.metric not in NAMES or row.k == column.k):
            return cell(row)
    return None


def panels(run: Run) -> list[Panel]:
    found: list[Panel] = []
    for place, problems in enumerate(ordered([row.problems for row in run.results])):
        mine = [row for row in run.results if row.problems == problems]
        figures = _votes([row for row in mine if not row.judge], run.models, f"s{place}")
        if figures:
            known = tuple(model for model in run.models if any(row.model == model for row in mine))
            found.append(
                Panel(problems, "how the samples divide among answers", tuple(figures), models=known)
            )
        pairs = dict.fromkeys((row.model, row.judge) for row in mine if row.judge)
        for number, (model, judge) in enumerate(pairs):
            own = [row for row in mine if row.model == model and row.judge in ("", judge)]
            found += _of_judge(
                own, f"{problems}: {plain(model)}, judged by {plain(judge)}", f"j{place}-{number}"
            )
    return found


def _votes(rows: Sequence[Result], models: Sequence[str], salt: str) -> list[Figure]:
    """What needs no judge: the models have their colours."""
    figures: list[Figure] = []
    curve = [row for row in rows if row.metric == "scored_share"]
    if curve:
        tinted = [(place, [row for row in curve if row.model == m]) for place, m in enumerate(models)]
        svg = _lines(f"{salt}-cost", "Share to read", tinted, "K, clusters", doubling=True)
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
        groups = ordered([row.group for row in bars])
        drawn = [
            plots.Bars(place, [_height(bars, model, group) for group in groups])
            for place, model in enumerate(models)
            if any(row.model == model for row in bars)
        ]
        if drawn:
            begins = [plain(group.partition("-")[0], 8) for group in groups]
            svg = plots.bars(f"{salt}-{metric}", name, begins, drawn, x="from %")
            figures.append(Figure(name, note, svg))
    return figures


def _height(rows: Sequence[Result], model: str, group: str) -> tuple[float, None, None] | None:
    """Of a bar; a histogram with intervals can't be read."""
    for row in rows:
        if row.model == model and row.group == group and row.value is not None:
            return row.value, None, None
    return None


def _of_judge(rows: Sequence[Result], heading: str, salt: str) -> Iterator[Panel]:
    """One model and one judge: what the strategies reach, in their colours, and the judge itself."""
    reached = [_against_attempts(rows, salt), _against_limit(rows, salt)]
    itself = [_roc(rows, salt), _reliability(rows, salt), _positions(rows, salt)]
    figures = tuple(figure for figure in reached if figure)
    if figures:
        yield Panel(heading, "bands are 95% intervals over problems", figures, series=tuple(NAMES.values()))
    figures = tuple(figure for figure in itself if figure)
    if figures:
        yield Panel(heading, "the judge's scores against the truth", figures)


def _against_attempts(rows: Sequence[Result], salt: str) -> Figure | None:
    tinted = [(place, [row for row in rows if row.metric == name]) for place, name in enumerate(NAMES)]
    if not any(row.judge for _, mine in tinted for row in mine):
        return None
    svg = _lines(f"{salt}-k", "Accuracy against attempts", tinted, "k, samples", doubling=True)
    return Figure("Accuracy against attempts", "of what each strategy hands in; bands over problems", svg)


def _against_limit(rows: Sequence[Result], salt: str) -> Figure | None:
    tinted = [
        (place, [row for row in rows if row.metric == name.replace("_at_k", "_by_limit")])
        for place, name in enumerate(NAMES)
    ]
    if not any(mine for _, mine in tinted):
        return None
    tops = [row for row in rows if row.metric.endswith("_optimistic") and row.value is not None]
    top = max(tops, key=lambda row: row.value or 0.0, default=None)
    note = f"best here {100 * (top.value or 0):.1f}% at {top.limit}, which is optimistic" if top else ""
    svg = _lines(
        f"{salt}-limit", "Accuracy against K and N", tinted, "K, clusters; N, samples", doubling=True
    )
    return Figure("Accuracy against K and N", note, svg)


def _roc(rows: Sequence[Result], salt: str) -> Figure | None:
    points = sorted(
        (row.x, row.value)
        for row in rows
        if row.metric == "roc" and row.x is not None and row.value is not None
    )
    if not points:
        return None
    area = _measured(rows, "auc")
    note = f"area {area.text}" if area else ""
    svg = plots.lines(
        f"{salt}-roc",
        "ROC curve",
        [plots.Line(0, points)],
        x="wrong ones called right",
        percent=True,
        shares=True,
    )
    return Figure("Right ones called right", note, svg)


def _reliability(rows: Sequence[Result], salt: str) -> Figure | None:
    bins = sorted(
        (row for row in rows if row.metric == "reliability" and row.x is not None and row.value is not None),
        key=lambda row: row.x or 0.0,
    )
    if not bins:
        return None
    points = [(row.x or 0.0, row.value or 0.0) for row in bins]
    band = [(row.x or 0.0, row.low, row.high) for row in bins if row.low is not None and row.high is not None]
    told = [(name, _measured(rows, metric)) for metric, name in (("ece", "ECE"), ("brier", "Brier"))]
    note = ", ".join(f"{name} {cell.value:.3f}" for name, cell in told if cell)
    svg = plots.lines(
        f"{salt}-cal", "Reliability", [plots.Line(0, points, band)], x="score", percent=True, shares=True
    )
    return Figure("Share that is right, by score", note, svg)


def _positions(rows: Sequence[Result], salt: str) -> Figure | None:
    found = [(0, "step_precision"), (1, "step_recall")]
    drawn = [
        plots.Line(
            place,
            sorted(
                (float(r.group), r.value)
                for r in rows
                if r.metric == m and r.group.isdecimal() and r.value is not None
            ),
        )
        for place, m in found
    ]
    drawn = [line for line in drawn if line.points]
    if not drawn:
        return None
    f1 = _measured(rows, "first_error_f1")
    marks = [plots.GLYPHS[plots.shape(place)] for place, _ in found]
    note = f"{marks[0]} precision, {marks[1]} recall" + (f"; F1 of first errors {f1.main}" if f1 else "")
    svg = plots.lines(f"{salt}-steps", "Wrong steps found", drawn, x="step", percent=True, top=1.04)
    return Figure("Wrong steps found, by position", note, svg)


def _measured(rows: Sequence[Result], metric: str) -> Cell | None:
    return next((cell(row) for row in rows if row.metric == metric and not row.by), None)


def _lines(
    salt: str, name: str, tinted: Sequence[tuple[int, Sequence[Result]]], x: str, doubling: bool = False
) -> plots.Markup:
    drawn: list[plots.Line] = []
    for place, rows in tinted:
        known = sorted((row for row in rows if row.k and row.value is not None), key=lambda row: row.k or 0)
        points = [(float(row.k or 0), row.value or 0.0) for row in known]
        band = [
            (float(row.k or 0), row.low, row.high)
            for row in known
            if row.low is not None and row.high is not None
        ]
        if points:
            drawn.append(plots.Line(place, points, band))
    return plots.lines(salt, name, drawn, x=x, percent=True, doubling=doubling)
