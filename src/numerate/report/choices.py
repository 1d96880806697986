"""The tables of selection: strategies by scorers, quality of the scores, and scorers by models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from numerate.metrics import catalog
from numerate.report.read import RunRecord
from numerate.report.results import Result, unique_names
from numerate.report.tables import (
    SAMPLED,
    Cell,
    Column,
    judge_results,
    make_column,
    result_cell,
    shared_size,
    whole_set,
)

CROSSED = ("rerank_all_at_k", "weighted_at_k")
"""strategies of the table of scorers by models: best score, and weighted vote"""
STRATEGIES = [metric.name for metric in catalog.metrics_in("strategies")]
"""metrics of the selection strategies, the vote first"""
WITHIN = (
    "AUC over all samples also rewards estimates of a problem's difficulty. Selection among the samples of "
    "one problem depends on AUC within: the chance that a right sample scores above a wrong sample of the "
    "same problem, mean over the problems with right and wrong samples. 0.5 is chance level."
)


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    model: str
    """empty for a row of all models"""
    judge: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """A table: models and scorers, or scorers alone, by columns of numbers."""

    name: str
    """the problem set"""
    note: str
    columns: tuple[Column, ...]
    rows: tuple[ChoiceRow, ...]
    about: str = ""

    @property
    def sizes(self) -> tuple[str, ...]:
        """Returns per column "n=100", the number of problems (or samples, or steps) behind all its figures;
        empty where they differ in it."""
        return tuple(shared_size(row.cells[i] for row in self.rows) for i in range(len(self.columns)))


def selection_tables(run: RunRecord) -> list[Choices]:
    """Returns up to three tables per problem set that a scorer has scores for."""
    tables: list[Choices] = []
    quality = [metric.name for metric in catalog.summary()]
    for problems in unique_names([row.problems for row in judge_results(run.results)]):
        mine = [row for row in judge_results(run.results) if row.problems == problems]
        ways = [SAMPLED, *STRATEGIES]
        votes = [row for row in whole_set(run.results) if row.problems == problems and row.metric in ways]
        every = votes + mine
        tables += _table(run, problems, "selection strategies by scorer", every, ways)
        tables += _table(run, problems, "quality of the scores", mine, quality, WITHIN)
        tables += _gains(run, problems)
        tables += _crossed(run, problems, every)
    return tables


def _gains(run: RunRecord, problems: str) -> list[Choices]:
    """Returns the table of value-guided sampling against strategies on whole samples; nothing without it."""
    gains = [metric.name for metric in catalog.gains()]
    rows = [row for row in run.results if row.problems == problems and row.metric in gains]
    pairs = list(dict.fromkeys((row.metric, row.versus, row.k) for row in rows))
    names = {name: "equal samples" if name == gains[0] else "equal tokens" for name in gains}
    columns = tuple(
        Column(metric, k, f"minus {versus}, {names[metric]}", catalog.explain(metric, k))
        for metric, versus, k in pairs
    )
    shown = [
        ChoiceRow(model, judge, tuple(_gain(rows, model, judge, *pair) for pair in pairs))
        for model, judge in dict.fromkeys((row.model, row.judge) for row in rows)
    ]
    note = "value-guided sampling minus selection among whole samples, points"
    return [Choices(problems, note, columns, tuple(shown))] if rows else []


def _gain(
    rows: Sequence[Result], model: str, judge: str, metric: str, versus: str, k: int | None
) -> Cell | None:
    wanted = (model, judge, metric, versus, k)
    same = (row for row in rows if (row.model, row.judge, row.metric, row.versus, row.k) == wanted)
    return next(map(result_cell, same), None)


def _table(
    run: RunRecord, problems: str, note: str, rows: Sequence[Result], metrics: Sequence[str], about: str = ""
) -> list[Choices]:
    """Returns the table; nothing where no scorer has any of the metrics."""
    pairs = dict.fromkeys((row.model, row.judge) for row in rows if row.judge and row.metric in metrics)
    if not pairs:
        return []
    columns = _columns(rows, metrics)
    shown = tuple(
        ChoiceRow(model, judge, tuple(_cell(rows, model, judge, column) for column in columns))
        for model, judge in sorted(pairs, key=lambda pair: run.models.index(pair[0]))
    )
    about = about if any(column.metric == "auc_within" for column in columns) else ""
    return [Choices(problems, note, columns, shown, about)]


def _columns(rows: Sequence[Result], metrics: Sequence[str]) -> tuple[Column, ...]:
    there = [metric for metric in metrics if any(row.metric == metric for row in rows)]
    most = {metric: max(row.k or 1 for row in rows if row.metric == metric) for metric in there}
    return tuple(make_column(metric, most[metric] if metric in STRATEGIES else None) for metric in there)


def _cell(rows: Sequence[Result], model: str, judge: str, column: Column) -> Cell | None:
    for row in rows:
        same = row.model == model and row.metric == column.metric and row.judge in ("", judge)
        if same and (column.k is None or row.k == column.k):
            return result_cell(row)
    return None


def _crossed(run: RunRecord, problems: str, rows: Sequence[Result]) -> list[Choices]:
    """Returns scorers by models, the vote first (Liu et al. 2023, table 6); nothing with a single model."""
    mine = [row for row in rows if row.judge and row.metric in CROSSED]
    models = [model for model in run.models if any(row.model == model for row in mine)]
    if len(models) < 2:
        return []
    most = max(row.k or 1 for row in mine)
    columns = [(model, make_column(metric, most)) for model in models for metric in CROSSED]
    vote, greedy = make_column("maj_at_k", most), make_column(SAMPLED, 1)
    shown = [
        ChoiceRow("", name, tuple(_cell(rows, model, "", column) for model, _ in columns))
        for name, column in (("no scorer: greedy", greedy), ("no scorer: the vote", vote))
        if any(row.metric == column.metric for row in rows)
    ]
    for judge in unique_names([row.judge for row in mine]):
        shown.append(ChoiceRow("", judge, tuple(_cell(mine, model, judge, c) for model, c in columns)))
    named = tuple(replace(column, title=f"{model} {column.title}") for model, column in columns)
    return [Choices(problems, "scorers by sampling models", named, tuple(shown))]
