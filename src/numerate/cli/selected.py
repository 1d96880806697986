"""What judges make of a model's samples, on a terminal: strategies by judges, judges by models."""

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
            terminal.echo(f"\n{problems}: {names.get(model, model)}, re-ranked", err=to_stderr)
            show_strategies([row for row in here if row["model"] == model], to_stderr)
        if len(models) > 1:
            show_crossed(problems, here, models, names, to_stderr)
        labelled = [row for row in here if row["model"] == LABELLED]
        if labelled:
            terminal.echo(f"\n{problems}: labelled steps", err=to_stderr)
            show_labelled(labelled, to_stderr)


def show_labelled(rows: Sequence[Mapping[str, Any]], to_stderr: bool) -> None:
    """Measures by judges of steps, on steps that people have labelled."""
    judges = list(dict.fromkeys(row["judge"] for row in rows))
    found = {(row["metric"], row["judge"]): f"{row['value']:.3f}" for row in rows if row["metric"] in LABELS}
    lines = [[name, *(found.get((metric, judge), "") for judge in judges)] for metric, name in LABELS.items()]
    table.show_in_blocks([line for line in lines if any(line[1:])], ["measure", *judges], to_stderr=to_stderr)
    if not any(metric == "first_error_f1" for metric, _ in found):
        terminal.echo(NO_F1, err=to_stderr)


def show_strategies(rows: Sequence[Mapping[str, Any]], to_stderr: bool) -> None:
    """rows: of one model on one problem set. Intervals stand where all judges fit beside each other with
    them; else the page of the run has them."""
    judges = list(dict.fromkeys(row["judge"] for row in rows if "judge" in row))
    header = ["strategy", *judges]
    whole = lines(rows, judges, intervals=True)
    fits = table.width_of(whole, header) <= table.columns()
    shown = whole if fits else lines(rows, judges, intervals=False)
    table.show_in_blocks(shown, header, left=judges, to_stderr=to_stderr)
    if not fits:
        terminal.echo("(95 % intervals: in the report, with --json, on a wider terminal)", err=to_stderr)


def lines(rows: Sequence[Mapping[str, Any]], judges: Sequence[str], *, intervals: bool) -> list[list[str]]:
    """Strategies by judges, then the judges themselves."""
    from numerate.report.tables import STRATEGIES, title

    most = max(row["k"] for row in rows if row["metric"] == "rerank_all_at_k")
    shown: list[list[str]] = []

    def line(name: str, metric: str, k: int) -> None:
        cells = [cell(rows, metric, judge, k, intervals) for judge in judges]
        if any(cells):
            shown.append([name, *cells])

    for metric in STRATEGIES:
        line(title(metric, most)[0], metric, most)
        if metric.endswith(("topk_at_k", "topn_at_k")):
            letter = "N" if "topn" in metric else "K"
            line(f"  best {letter} (optimistic)", metric.replace("_at_k", "_optimistic"), most)
    for metric, name in AREAS.items():
        line(name, metric, 1)
    return shown


def cell(rows: Sequence[Mapping[str, Any]], metric: str, judge: str, k: int, intervals: bool) -> str:
    """`45.0% [38.1, 52.0], K 2` or `0.712 [0.650, 0.770]`; the vote is the same with every judge."""
    for row in rows:
        if row["metric"] == metric and row["k"] == k and row.get("judge", judge) == judge:
            scale, digits, unit = (1, 3, "") if metric in AREAS else (100, 1, "%")
            interval = ""
            if intervals and row["low"] is not None:
                interval = f" [{scale * row['low']:.{digits}f}, {scale * row['high']:.{digits}f}]"
            letter = "N" if "topn" in metric else "K"
            limit = f", {letter} {row['limit']}" if "limit" in row else ""
            return f"{scale * row['value']:5.{digits}f}{unit}{interval}{limit}"
    return ""


def show_crossed(
    problems: str,
    rows: Sequence[Mapping[str, Any]],
    models: Sequence[str],
    names: Mapping[str, str],
    to_stderr: bool,
) -> None:
    from numerate.report.tables import title
    from numerate.reranking import cross_table

    found = cross_table([dict(row) for row in rows], CROSSED)
    most = max(row["k"] for row in rows if row["metric"] == CROSSED)
    cells = [
        [judge, *(f"{100 * by_model[m]:.1f}%" if m in by_model else "" for m in models)]
        for judge, by_model in found.items()
    ]
    terminal.echo(f"\n{problems}: {title(CROSSED, most)[0]}, judges by models", err=to_stderr)
    table.show_in_blocks(cells, ["judge", *(names.get(m, m) for m in models)], to_stderr=to_stderr)
