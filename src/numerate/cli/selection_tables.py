"""Terminal tables of re-ranked samples: strategies by judges, judges by models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numerate.cli import table, terminal

if TYPE_CHECKING:
    from numerate.report.results import Result

LABELLED = "labelled"
SELECTING = ("rerank_all_at_k", "guided_at_k")
"""metrics of which a model with selected solutions has at least one"""
NO_F1 = "first-error F1 needs solutions with an error and solutions without one: raise the limit"
CROSSED = "weighted_at_k"
"""the strategy that the table of judges by models shows: with good and bad judges alike rarely the worst"""


def show_choices(metrics: Mapping[str, Any], names: Mapping[str, str], *, to_stderr: bool = False) -> None:
    """Prints for every model and problem set a table of strategies by judges; then, where there are several
    models, judges by models. Nothing where no judge re-ranked anything."""
    from numerate.report.results import parse_results, unique_names

    rows = [row for row in parse_results(metrics) if not row.by and row.x is None]
    rows = [row for row in rows if row.judge or not row.versus]
    for problems in unique_names([row.problems for row in rows if row.judge]):
        set_rows = [row for row in rows if row.problems == problems]
        models = unique_names([row.model for row in set_rows if row.metric in SELECTING])
        for model in models:
            table.print_title(f"{problems}: {names.get(model, model)}, re-ranked", to_stderr=to_stderr)
            show_strategies([row for row in set_rows if row.model == model], to_stderr)
        crossed = unique_names([row.model for row in set_rows if row.judge and row.metric == CROSSED])
        if len(crossed) > 1:
            show_crossed(problems, set_rows, crossed, names, to_stderr)
        labelled = [row for row in set_rows if row.model == LABELLED]
        if labelled:
            table.print_title(f"{problems}: labelled steps", to_stderr=to_stderr)
            show_labelled(labelled, to_stderr)


def show_labelled(rows: Sequence[Result], to_stderr: bool) -> None:
    """Measures by judges of steps, on steps that people have labelled."""
    judges = list(dict.fromkeys(row.judge for row in rows))
    table.print_table(judge_lines(rows, judges), ["measure", "n", *judges], keys=2, to_stderr=to_stderr)
    if not any(row.metric == "first_error_f1" for row in rows):
        terminal.echo(NO_F1, err=to_stderr)


def show_strategies(rows: Sequence[Result], to_stderr: bool) -> None:
    """Prints a table of strategies by judges. rows: of one model on one problem set."""
    judges = list(dict.fromkeys(row.judge for row in rows if row.judge))
    lines = strategy_lines(rows, judges) + gain_lines(rows, judges) + judge_lines(rows, judges)
    table.print_table(lines, ["strategy", "n", *judges], keys=2, to_stderr=to_stderr)


def strategy_lines(rows: Sequence[Result], judges: Sequence[str]) -> list[list[str]]:
    """Returns greedy answers and strategies by judges."""
    from numerate.metrics import catalog
    from numerate.report.tables import SAMPLED

    entries = [("greedy, one answer", SAMPLED, 1)]
    for metric in catalog.metrics_in("strategies"):
        most = max((row.k or 1 for row in rows if row.metric == metric.name), default=1)
        best = metric.name.replace("_at_k", "_optimistic")
        limit = catalog.limit_letter(metric.name)
        entries.append((catalog.title(metric.name, most), metric.name, most))
        entries.append((f"  best {limit} (optimistic)", best, most))
    return [line for each in entries if (line := measure_line(rows, *each, judges))]


def gain_lines(rows: Sequence[Result], judges: Sequence[str]) -> list[list[str]]:
    """Returns the cost of value-guided sampling, and its paired differences."""
    from numerate.metrics import catalog

    lines: list[list[str]] = []
    for metric in (catalog.find("guided_cost"), *catalog.gains()):
        mine = [row for row in rows if row.metric == metric.name]
        for versus, k in dict.fromkeys((row.versus, row.k or 1) for row in mine):
            name = f"  {metric.title}: minus {versus}" if versus else f"  {metric.title}"
            same = [row for row in mine if row.versus == versus]
            lines.append(measure_line(same, name, metric.name, k, judges))
    return lines


def judge_lines(rows: Sequence[Result], judges: Sequence[str]) -> list[list[str]]:
    """Returns every scalar metric of the judges' scores."""
    from numerate.metrics import catalog

    own = [row for row in rows if row.judge]
    summary_metrics = [metric for metric in catalog.METRICS if metric.in_summary or metric.unit == "score"]
    return [
        line
        for metric in summary_metrics
        if (line := measure_line(own, metric.title, metric.name, 1, judges))
    ]


def measure_line(rows: Sequence[Result], name: str, metric: str, k: int, judges: Sequence[str]) -> list[str]:
    """Returns a line: the name, the number of problems (or samples, or steps) behind the figures, and a
    figure with its interval per judge; empty where no judge has one. Where the judges differ in that number,
    it stands beside each figure."""
    cells = [find_row(rows, metric, judge, k) for judge in judges]
    there = [row for row in cells if row is not None]
    if not there:
        return []
    numbers = {row.n for row in there}
    shared = f"{next(iter(numbers)):,}" if len(numbers) == 1 and None not in numbers else ""
    wide = max(len(format_limit(row)) for row in rows)
    return [name, shared, *("" if row is None else format_figure(row, bool(shared), wide) for row in cells)]


def find_row(rows: Sequence[Result], metric: str, judge: str, k: int) -> Result | None:
    """Returns the row of a judge; one without a judge, such as the vote, is the same with every judge."""
    return next(
        (row for row in rows if row.metric == metric and row.k == k and row.judge in ("", judge)), None
    )


def format_figure(row: Result, shared: bool, wide: int = 0) -> str:
    """Returns `45.0% [38.1, 52.0], K 2` or `0.712 [0.650, 0.770]`. wide: characters that K and N take, so
    that the figures align."""
    from numerate.report.tables import result_cell, show_cell

    return f"{show_cell(result_cell(row), shared)}{format_limit(row):<{wide}}"


def format_limit(row: Result) -> str:
    from numerate.metrics import catalog

    return f", {catalog.limit_letter(row.metric)} {row.limit}" if row.limit is not None else ""


def show_crossed(
    problems: str, rows: Sequence[Result], models: Sequence[str], names: Mapping[str, str], to_stderr: bool
) -> None:
    from numerate.metrics import catalog

    own = [row for row in rows if row.metric == CROSSED and row.judge]
    most = max(row.k or 1 for row in own)
    cells: list[list[str]] = []
    for judge in dict.fromkeys(row.judge for row in own):
        figures = [find_row([row for row in own if row.model == m], CROSSED, judge, most) for m in models]
        cells.append([judge, *("" if row is None else format_figure(row, False).rstrip() for row in figures)])
    table.print_title(f"{problems}: {catalog.title(CROSSED, most)}, scorers by models", to_stderr=to_stderr)
    table.print_table(cells, ["scorer", *(names.get(m, m) for m in models)], to_stderr=to_stderr)
