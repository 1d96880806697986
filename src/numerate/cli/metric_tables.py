"""Terminal tables of a run's metrics, the same as in the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerate.cli import selection_tables, table, terminal

if TYPE_CHECKING:
    from numerate.config import Recipe
    from numerate.report.tables import Table, Versus


def show_metrics(
    metrics: Mapping[str, Any], names: Mapping[str, str] | None = None, *, to_stderr: bool = False
) -> None:
    """Prints one table per problem set, then the changes from model to model.

    names: what to call a model in place of its name in the run. to_stderr: stdout is taken by JSON."""
    from numerate import report

    summary = report.summary(metrics)
    for name in dict.fromkeys(row.problems for row in summary.rows):
        show_set(name, summary, names or {}, to_stderr)
    selection_tables.show_choices(metrics, names or {}, to_stderr=to_stderr)
    changes = report.differences(metrics)
    if changes:
        show_changes(changes, names or {}, to_stderr)


def show_set(name: str, summary: Table, names: Mapping[str, str], to_stderr: bool) -> None:
    """Prints each figure with its interval; the number of problems is in the heading of its column, or beside
    the figure where the models of a column were measured on different numbers."""
    from numerate.report.tables import shared_size, show_cell

    rows = [row for row in summary.rows if row.problems == name]
    header, columns = ["model"], [[names.get(row.model, row.model) for row in rows]]
    for i, column in enumerate(summary.columns):
        cells = [row.cells[i] for row in rows]
        if any(cells):
            size = shared_size(cells)
            header.append(f"{column.title.lower()}, {size}" if size else column.title.lower())
            columns.append([show_cell(cell, bool(size)) for cell in cells])
    table.print_title(name, to_stderr=to_stderr)
    table.print_table(list(zip(*columns, strict=True)), header, to_stderr=to_stderr)


def show_changes(changes: Sequence[Versus], names: Mapping[str, str], to_stderr: bool) -> None:
    """Prints one table per problem set: a model against another, on the same problems."""
    from numerate.report.tables import shared_size, show_cell

    for problems in dict.fromkeys(change.problems for change in changes):
        mine = [change for change in changes if change.problems == problems]
        size = shared_size(change.cell for change in mine)
        rows = [
            [
                f"{names.get(c.model, c.model)} against {names.get(c.versus, c.versus)}",
                show_cell(c.cell, bool(size)),
                c.p_text,
                c.verdict,
            ]
            for c in mine
        ]
        header = ["model", f"accuracy, points, {size}" if size else "accuracy, points", "", "verdict"]
        table.print_title(f"{problems}, paired on the same problems:", to_stderr=to_stderr)
        table.print_table(rows, header, left=["", "verdict"], to_stderr=to_stderr)


def show_plan(recipe: Recipe, folder: Path) -> None:
    """Prints the notes of the stages, and their states in an existing run, on stderr; writes nothing."""
    for note in recipe.notes:
        terminal.echo(note, err=True)
    if not folder.is_dir():
        return
    from numerate.identities import plan
    from numerate.progress import QuietProgress
    from numerate.repeats import read_sets
    from numerate.store import Kept

    used = {stage.problems for stage in recipe.stages.values()} | ({"validation"} & set(recipe.problems))
    sets = read_sets(recipe, used, QuietProgress(), Kept(folder))
    for planned in plan(recipe, folder, sets):
        why = f" ({', '.join(planned.changes)})" if planned.changes else ""
        state = STATES.get(planned.state, planned.state)
        terminal.echo(f"{folder}/stages/{planned.stage}: {state}{why}", err=True)


STATES = {"done": "completed", "half done": "incomplete", "set aside": "replaced earlier, can be restored"}
"""state of a planned stage -> words"""
