"""Runs side by side: one metric of one model on one problem set per row, one run per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerate.metrics import catalog
from numerate.report.results import Result, parse_results, read_metrics, unique_names
from numerate.report.tables import SAMPLED, Cell, judge_results, result_cell, whole_set


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one model on one problem set; one cell (or None) per run, in the order of the runs."""

    problems: str
    model: str
    metric: str
    k: int | None
    title: str
    cells: tuple[Cell | None, ...]


def compare(run_dirs: Sequence[Path]) -> list[Comparison]:
    """Returns the metrics of every model and problem set over runs, each with its interval, in the order in
    which problem sets and models first appear.

    Raises ValueError where a folder has no measurements."""
    results = [parse_results(_measured(run_dir)) for run_dir in run_dirs]
    names = _one_each(results)
    tables: list[dict[tuple[str, str, str, int | None, str], Cell | None]] = []
    for parsed in results:
        rows = whole_set(parsed) + judge_results(parsed)
        tables.append(
            {
                (row.problems, names or row.model, row.metric, row.k, row.judge): result_cell(row)
                for row in rows
            }
        )
    for key in [key for table in tables for key in table if key[2] == SAMPLED]:
        whole = (key[0], key[1], "accuracy", *key[3:])
        if all(table[key] == table.get(whole) for table in tables if key in table):
            for table in tables:
                table.pop(key, None)
    keys = list(dict.fromkeys(key for table in tables for key in table))
    sets, models = unique_names([key[0] for key in keys]), unique_names([key[1] for key in keys])
    keys.sort(key=lambda key: (sets.index(key[0]), models.index(key[1])))
    return [
        Comparison(
            problems,
            model,
            metric,
            k,
            catalog.title(metric, k) + (f", {judge}" if judge else ""),
            tuple(table.get(key) for table in tables),
        )
        for key in keys
        for problems, model, metric, k, judge in [key]
    ]


def _measured(run_dir: Path) -> dict[str, Any]:
    if not run_dir.is_dir():
        raise ValueError(f"{run_dir}: there is no such folder: name a run's folder, or a run under runs/")
    metrics = read_metrics(run_dir)
    if not metrics:
        raise ValueError(
            f"{run_dir}: no metrics.json: finish the run, or name a folder under runs/ that has one"
        )
    return metrics


def _one_each(results: Sequence[Sequence[Result]]) -> str:
    """Returns "a / b" where every run measured a single model and they have several names, as evaluations
    do: these share a row. Empty otherwise."""
    models = [{row.model for row in whole_set(rows)} for rows in results]
    if any(len(names) != 1 for names in models):
        return ""
    names = unique_names([name for own in models for name in own])
    return " / ".join(names) if len(names) > 1 else ""
