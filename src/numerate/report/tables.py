"""The numbers of a run as rows of plain records, for the terminal and for the page alike: both print
`Cell.text`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerate.metrics import catalog
from numerate.metrics.metric import Unit
from numerate.report.results import Result, parse_results, unique_names

SAMPLED = "accuracy_on_sampled"
"""greedy accuracy on the problems that were sampled; left out of tables where these are all problems"""


SIGNIFICANT = 0.05
"""p below which a paired difference is significant"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One measured number with its interval, as a number and as the words that every table prints."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: Unit = "proportion"
    signed: bool = False

    @property
    def main(self) -> str:
        """Returns the number alone: "42.1%", "+3.5", "0.812", "151.3"."""
        if self.unit == "count":
            return f"{self.value:,.1f}" if abs(self.value) < 1e6 else f"{self.value:.3g}"
        if self.unit == "score":
            return f"{self.value:.3f}"
        return f"{100 * self.value:+.1f}" if self.signed else f"{100 * self.value:.1f}%"

    @property
    def interval(self) -> str:
        """Returns the interval alone: "[37.8, 46.5]", empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        scale = 1 if self.unit in ("count", "score") else 100
        shape = ("+" if self.signed else "") + (".3f" if self.unit == "score" else ".1f")
        return f"[{scale * self.low:{shape}}, {scale * self.high:{shape}}]"

    @property
    def text(self) -> str:
        return f"{self.main} {self.interval}".rstrip()

    @property
    def size(self) -> str:
        """Returns the number of problems alone: "n=2,000", empty where it is not known."""
        return "" if self.n is None else f"n={self.n:,}"

    @property
    def sized(self) -> str:
        """Returns the number with its interval and the number of problems."""
        return f"{self.text} {self.size}".rstrip()


def show_cell(cell: Cell | None, shared: bool, none: str = "-") -> str:
    """Returns a figure with its interval, and with the number of problems where its column does not share
    one."""
    return none if cell is None else cell.text if shared else cell.sized


@dataclass(frozen=True, slots=True)
class Column:
    metric: str
    k: int | None
    title: str
    help: str


def make_column(metric: str, k: int | None) -> Column:
    return Column(metric, k, catalog.title(metric, k), catalog.explain(metric, k))


@dataclass(frozen=True, slots=True)
class TableRow:
    """One model on one problem set; one cell (or None) per column of its table."""

    model: str
    problems: str
    n: int | None
    """problems measured"""
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class Versus:
    """A paired difference on the same problems: model minus versus, in percentage points."""

    model: str
    versus: str
    problems: str
    cell: Cell
    p: float | None

    @property
    def p_text(self) -> str:
        if self.p is None:
            return ""
        return "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"

    @property
    def verdict(self) -> str:
        """Returns better or worse where p is below 0.05, else "not significant"; without p, by whether the
        interval leaves out zero."""
        low, high = self.cell.low or 0.0, self.cell.high or 0.0
        significant = low > 0 or high < 0 if self.p is None else self.p < SIGNIFICANT
        if not significant or not self.cell.value:
            return "not significant"
        return "better" if self.cell.value > 0 else "worse"


def result_cell(result: Result) -> Cell | None:
    if result.value is None:
        return None
    return Cell(
        value=result.value,
        low=result.low,
        high=result.high,
        n=result.n,
        unit=catalog.find(result.metric).unit,
        signed=bool(result.versus),
    )


def sizes_text(cells: Iterable[Cell | Result | None]) -> str:
    """Returns "n=100", or "n=90 to 100" where the numbers of problems differ; empty where none is known."""
    sizes = sorted({cell.n for cell in cells if cell is not None and cell.n is not None})
    if not sizes:
        return ""
    return f"n={sizes[0]:,}" if len(sizes) == 1 else f"n={sizes[0]:,} to {sizes[-1]:,}"


def shared_size(cells: Iterable[Cell | None]) -> str:
    """Returns "n=100" where all these cells are of so many problems, empty elsewhere: then each cell says
    its own."""
    sizes = {cell.n for cell in cells if cell is not None}
    return f"n={sizes.pop():,}" if len(sizes) == 1 and None not in sizes else ""


def whole_set(results: Sequence[Result]) -> list[Result]:
    """Returns the rows of a whole problem set and a single model, without a scorer."""
    return [row for row in results if not row.by and not row.versus and not row.judge]


def judge_results(results: Sequence[Result]) -> list[Result]:
    """Returns the rows with a single number for a scorer's scores on a whole problem set."""
    return [row for row in results if row.judge and not row.by and not row.versus and row.x is None]


def summary(metrics: Mapping[str, Any]) -> Table:
    """Returns models by problem set, with the columns that the run has: at k samples, the largest k of the
    run.

    metrics: the contents of `metrics.json`. Raises ValueError on a row without model, problems or metric."""
    rows = without_repeats(whole_set(parse_results(metrics)))
    columns = tuple(_columns(rows))
    sets = unique_names([row.problems for row in rows])
    keys = sorted(
        dict.fromkeys((row.problems, row.model) for row in rows), key=lambda key: sets.index(key[0])
    )
    return Table(columns, tuple(_row(rows, columns, problems, model) for problems, model in keys))


def without_repeats(rows: Sequence[Result]) -> list[Result]:
    """Leaves the greedy accuracy on the sampled problems out where all problems of the set were sampled."""
    whole = {(row.problems, row.model, row.n) for row in rows if row.metric == "accuracy"}
    return [row for row in rows if row.metric != SAMPLED or (row.problems, row.model, row.n) not in whole]


def _columns(rows: Sequence[Result]) -> list[Column]:
    """Returns the columns; a metric with several k has one, for the largest."""
    columns: list[Column] = []
    for metric in catalog.summary():
        ks = [row.k for row in rows if row.metric == metric.name]
        if ks:
            k = max((k for k in ks if k is not None), default=None) if metric.over == "k samples" else None
            columns.append(make_column(metric.name, k))
    return columns


def _row(rows: Sequence[Result], columns: Sequence[Column], problems: str, model: str) -> TableRow:
    mine = [row for row in rows if row.problems == problems and row.model == model]
    cells = tuple(_find(mine, column) for column in columns)
    sizes = [row.n for row in mine if row.n is not None and row.metric == "accuracy"]
    return TableRow(model, problems, sizes[0] if sizes else None, cells)


def _find(rows: Sequence[Result], column: Column) -> Cell | None:
    """Returns the cell of a column. A metric without a k of its own may be measured at several: the first,
    greedy, is taken."""
    for row in rows:
        if row.metric == column.metric and (column.k is None or row.k == column.k):
            return result_cell(row)
    return None


def differences(metrics: Mapping[str, Any]) -> list[Versus]:
    """Returns paired differences in greedy accuracy, in the order of the file."""
    versus: list[Versus] = []
    for row in parse_results(metrics):
        measured = result_cell(row)
        if row.versus and not row.by and measured is not None and row.metric == "accuracy_difference":
            versus.append(Versus(row.model, row.versus, row.problems, measured, row.p))
    return versus
