"""The tables of selection: what every strategy makes of the samples with every judge, what the judges' scores
are worth, and judges by the models whose samples they re-rank."""

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
"""the strategies that are shown judge by model: the judge alone, and with the vote"""
WITHIN = (
    "AUC over all samples is high already where a judge knows which problems are hard. Choosing among the "
    "samples of one problem lives on AUC within problems: the mean, over the problems with right and wrong "
    "samples, of the chance that a right one scores above a wrong one. At 0.5 a judge chooses blindly."
)


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    model: str
    """empty where the row speaks of all models"""
    judge: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """One table: models and judges, or judges alone, by columns of numbers."""

    name: str
    """the problem set"""
    note: str
    columns: tuple[Column, ...]
    rows: tuple[ChoiceRow, ...]
    about: str = ""

    @property
    def sizes(self) -> tuple[str, ...]:
        """Per column "n=100", the number of problems (or samples, or steps) behind all its figures; empty
        where they differ in it."""
        return tuple(shared_size(row.cells[i] for row in self.rows) for i in range(len(self.columns)))


def selection_tables(run: RunRecord) -> list[Choices]:
    """Up to three tables per problem set that a judge has scores for."""
    tables: list[Choices] = []
    quality = [metric.name for metric in catalog.summary()]
    for problems in unique_names([row.problems for row in judge_results(run.results)]):
        mine = [row for row in judge_results(run.results) if row.problems == problems]
        ways = [SAMPLED, *strategies()]
        votes = [row for row in whole_set(run.results) if row.problems == problems and row.metric in ways]
        every = votes + mine
        tables += _table(run, problems, "every way to select, with every judge", every, ways)
        tables += _table(run, problems, "what the judges' scores are worth", mine, quality, WITHIN)
        tables += _crossed(run, problems, every)
    return tables


def strategies() -> list[str]:
    """Returns the metrics of what the strategies hand in, the vote first."""
    return [metric.name for metric in catalog.drawn("strategies")]


def _table(
    run: RunRecord, problems: str, note: str, rows: Sequence[Result], metrics: Sequence[str], about: str = ""
) -> list[Choices]:
    """Nothing where no judge has any of the metrics."""
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
    most = max((row.k or 1 for row in rows if row.metric in strategies()), default=None)
    there = [metric for metric in metrics if any(row.metric == metric for row in rows)]
    return tuple(make_column(metric, most if metric in strategies() else None) for metric in there)


def _cell(rows: Sequence[Result], model: str, judge: str, column: Column) -> Cell | None:
    for row in rows:
        same = row.model == model and row.metric == column.metric and row.judge in ("", judge)
        if same and (column.k is None or row.k == column.k):
            return result_cell(row)
    return None


def _crossed(run: RunRecord, problems: str, rows: Sequence[Result]) -> list[Choices]:
    """Judges by the models whose samples they choose from, the vote first (Liu et al. 2023, table 6); nothing
    where there is one model only."""
    mine = [row for row in rows if row.judge and row.metric in CROSSED]
    models = [model for model in run.models if any(row.model == model for row in mine)]
    if len(models) < 2:
        return []
    most = max(row.k or 1 for row in mine)
    columns = [(model, make_column(metric, most)) for model in models for metric in CROSSED]
    vote, greedy = make_column("maj_at_k", most), make_column(SAMPLED, 1)
    shown = [
        ChoiceRow("", name, tuple(_cell(rows, model, "", column) for model, _ in columns))
        for name, column in (("no judge: greedy", greedy), ("no judge: the vote", vote))
        if any(row.metric == column.metric for row in rows)
    ]
    for judge in unique_names([row.judge for row in mine]):
        shown.append(ChoiceRow("", judge, tuple(_cell(mine, model, judge, c) for model, c in columns)))
    named = tuple(replace(column, title=f"{model} {column.title}") for model, column in columns)
    return [Choices(problems, "judges by the models that sampled", named, tuple(shown))]
