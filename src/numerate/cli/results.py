"""The numbers of a run, on a terminal: the same tables that the report prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerate.cli import selected, table, terminal

if TYPE_CHECKING:
    from numerate.config import Recipe
    from numerate.report.tables import Table, Versus

SHOWN = ("accuracy", "accuracy_strict", "pass_at_k", "maj_at_k", "unanswered", "truncated")
"""the columns that fit in 80 characters; --json has every metric"""


def show_metrics(
    metrics: Mapping[str, Any], names: Mapping[str, str] | None = None, *, to_stderr: bool = False
) -> None:
    """One table per problem set, then what changed from model to model.

    names: what to call a model in place of its name in the run. to_stderr: stdout is taken by JSON."""
    from numerate import report

    summary = report.summary(metrics)
    for name in dict.fromkeys(row.problems for row in summary.rows):
        show_set(name, summary, names or {}, to_stderr)
    selected.show_choices(metrics, names or {}, to_stderr=to_stderr)
    changes = report.differences(metrics)
    if changes:
        show_changes(changes, to_stderr)


def show_set(name: str, summary: Table, names: Mapping[str, str], to_stderr: bool) -> None:
    rows = [row for row in summary.rows if row.problems == name]
    kept = [i for i, column in enumerate(summary.columns) if column.metric in SHOWN]
    header = ["model", *(summary.columns[i].title.lower() for i in kept)]
    cells = [
        [names.get(row.model, row.model), *(words(row.cells[i], summary.columns[i].metric) for i in kept)]
        for row in rows
    ]
    size = next((f" ({row.n:,} problems)" for row in rows if row.n), "")
    terminal.echo(f"\n{name}{size}", err=to_stderr)
    table.show(cells, header, to_stderr=to_stderr)


def words(cell: Any, metric: str) -> str:
    """The accuracy with its 95 % interval; the others without, to keep the table narrow."""
    if cell is None:
        return "-"
    return cell.text if metric == "accuracy" else cell.main


def show_changes(changes: Sequence[Versus], to_stderr: bool) -> None:
    rows = [[c.model, c.versus, c.problems, c.cell.text, c.p_text, c.verdict] for c in changes]
    header = ["model", "against", "problems", "accuracy, points", "", "verdict"]
    terminal.echo("\nOn the same problems, paired:", err=to_stderr)
    table.show(rows, header, left=["against", "problems", "", "verdict"], to_stderr=to_stderr)


def show_plan(recipe: Recipe, folder: Path) -> None:
    """What is done of a run that has a folder already, on stderr; writes nothing."""
    if not folder.is_dir():
        return
    from numerate import problems, run

    used = {stage.problems for stage in recipe.stages.values()} | ({"validation"} & set(recipe.problems))
    specs = {name: recipe.problems[name] for name in used}
    sets = {name: problems.load(s.source, limit=s.limit, seed=s.seed) for name, s in specs.items()}
    for planned in run.plan(recipe, folder, sets):
        terminal.echo(f"{folder}/stages/{planned.stage}: {planned.state}", err=True)
