"""Terminal tables of re-ranked samples: strategies by judges, judges by models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numerate.cli import table, terminal

LABELLED = "labelled"
LABELS = {
    "first_error_f1": "F1 of first errors",
    "first_error_found": "  first error found, of solutions with one",
    "first_error_none": "  none called, of solutions without one",
    "step_auc": "AUC of steps",
    "step_ece": "ECE of steps",
    "step_brier": "Brier score of steps",
}
"""of a judge on labelled steps"""
NO_F1 = "F1 of first errors needs solutions with an error and solutions without one: take more of them"
CROSSED = "weighted_at_k"
"""the strategy that the table of judges by models shows: with good and bad judges alike rarely the worst"""
AREAS = {"auc": "AUC, all samples", "auc_within": "AUC within problems"}
"""chances that a right sample is scored above a wrong one: of any problem, or of the same one"""


def show_choices(metrics: Mapping[str, Any], names: Mapping[str, str], *, to_stderr: bool = False) -> None:
    """For every model and problem set a table of strategies by judges; then, where there are several models,
    judges by models. Nothing where no judge re-ranked anything."""
    rows = [row for row in metrics["results"] if "by" not in row and "versus" not in row]
    sets = dict.fromkeys(row["problems"] for row in rows if "judge" in row)
    for problems in sets:
        here = [row for row in rows if row["problems"] == problems]
        models = list(dict.fromkeys(row["model"] for row in here if row["metric"] == "rerank_all_at_k"))
        for model in models:
            table.print_title(f"{problems}: {names.get(model, model)}, re-ranked", to_stderr=to_stderr)
            show_strategies([row for row in here if row["model"] == model], to_stderr)
        if len(models) > 1:
            show_crossed(problems, here, models, names, to_stderr)
        labelled = [row for row in here if row["model"] == LABELLED]
        if labelled:
            table.print_title(f"{problems}: labelled steps", to_stderr=to_stderr)
            show_labelled(labelled, to_stderr)


def show_labelled(rows: Sequence[Mapping[str, Any]], to_stderr: bool) -> None:
    """Measures by judges of steps, on steps that people have labelled."""
    judges = list(dict.fromkeys(row["judge"] for row in rows))
    lines = [measure_line(rows, name, metric, judges, 1) for metric, name in LABELS.items()]
    table.print_table(
        [line for line in lines if line], ["measure", "n", *judges], keys=2, to_stderr=to_stderr
    )
    if not any(row["metric"] == "first_error_f1" for row in rows):
        terminal.echo(NO_F1, err=to_stderr)


def show_strategies(rows: Sequence[Mapping[str, Any]], to_stderr: bool) -> None:
    """rows: of one model on one problem set."""
    judges = list(dict.fromkeys(row["judge"] for row in rows if "judge" in row))
    table.print_table(strategy_lines(rows, judges), ["strategy", "n", *judges], keys=2, to_stderr=to_stderr)


def strategy_lines(rows: Sequence[Mapping[str, Any]], judges: Sequence[str]) -> list[list[str]]:
    """Greedy answers and strategies by judges, then the judges themselves."""
    from numerate.report.tables import SAMPLED, STRATEGIES, metric_title

    most = max(row["k"] for row in rows if row["metric"] == "rerank_all_at_k")
    wanted = [("greedy, one answer", SAMPLED, 1)]
    for metric in STRATEGIES:
        wanted.append((metric_title(metric, most)[0], metric, most))
        if metric.endswith(("topk_at_k", "topn_at_k")):
            letter = "N" if "topn" in metric else "K"
            wanted.append((f"  best {letter} (optimistic)", metric.replace("_at_k", "_optimistic"), most))
    wanted += [(name, metric, 1) for metric, name in AREAS.items()]
    return [line for each in wanted if (line := measure_line(rows, each[0], each[1], judges, each[2]))]


def measure_line(
    rows: Sequence[Mapping[str, Any]], name: str, metric: str, judges: Sequence[str], k: int
) -> list[str]:
    """Returns a line: the name, the number of problems (or samples, or steps) behind the figures, and a
    figure with its interval per judge; empty where no judge has one. Where the judges differ in that number,
    it stands beside each figure."""
    cells = [find_row(rows, metric, judge, k) for judge in judges]
    there = [row for row in cells if row is not None]
    if not there:
        return []
    numbers = {row["n"] for row in there}
    shared = f"{numbers.pop():,}" if len(numbers) == 1 else ""
    wide = max(len(format_limit(row)) for row in rows)
    return [name, shared, *("" if row is None else format_figure(row, bool(shared), wide) for row in cells)]


def find_row(rows: Sequence[Mapping[str, Any]], metric: str, judge: str, k: int) -> Mapping[str, Any] | None:
    """The row of a judge; one without a judge, such as the vote, is the same with every judge."""
    for row in rows:
        if row["metric"] == metric and row["k"] == k and row.get("judge", judge) == judge:
            return row
    return None


def format_figure(row: Mapping[str, Any], shared: bool, wide: int = 0) -> str:
    """`45.0% [38.1, 52.0], K 2` or `0.712 [0.650, 0.770]`. wide: characters that K and N take, so that the
    figures align."""
    fraction = row["metric"] in AREAS or row["metric"] in LABELS
    scale, digits, unit = (1, 3, "") if fraction else (100, 1, "%")
    low, high = row["low"], row["high"]
    interval = "" if low is None else f" [{scale * low:.{digits}f}, {scale * high:.{digits}f}]"
    size = "" if shared else f" n={row['n']:,}"
    return f"{scale * row['value']:.{digits}f}{unit}{interval}{size}{format_limit(row):<{wide}}"


def format_limit(row: Mapping[str, Any]) -> str:
    letter = "N" if "topn" in row["metric"] else "K"
    return f", {letter} {row['limit']}" if "limit" in row else ""


def show_crossed(
    problems: str,
    rows: Sequence[Mapping[str, Any]],
    models: Sequence[str],
    names: Mapping[str, str],
    to_stderr: bool,
) -> None:
    from numerate.report.tables import metric_title

    own = [row for row in rows if row["metric"] == CROSSED and "judge" in row]
    most = max(row["k"] for row in own)
    cells: list[list[str]] = []
    for judge in dict.fromkeys(row["judge"] for row in own):
        figures = [find_row([row for row in own if row["model"] == m], CROSSED, judge, most) for m in models]
        cells.append([judge, *("" if row is None else format_figure(row, False).rstrip() for row in figures)])
    table.print_title(f"{problems}: {metric_title(CROSSED, most)[0]}, judges by models", to_stderr=to_stderr)
    table.print_table(cells, ["judge", *(names.get(m, m) for m in models)], to_stderr=to_stderr)
