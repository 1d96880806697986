"""numerate report, numerate compare: metrics of one run, of several runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from numerate.cli import metric_tables, table, terminal
from numerate.cli.app import app
from numerate.cli.options import Json

if TYPE_CHECKING:
    from numerate.report.comparison import Comparison


def as_run(name: Path) -> Path:
    """Returns a run's folder by its path or, for short, by its name under runs/."""
    short = Path("runs") / name
    return short if not name.exists() and short.is_dir() else name


@app.command("report")
def write_report(
    run: Annotated[Path, Argument(metavar="RUN", help="A run's folder, or its name under runs/.")],
    json_file: Json = None,
) -> None:
    """Rebuild the report of a run and print its metrics.

    The run may be unfinished.

    \b
    Examples:
      numerate report quickstart
      numerate report runs/quickstart --json metrics.json
    """
    from numerate import report
    from numerate.report.results import read_metrics

    folder = as_run(run)
    page = report.build(folder)
    metrics = read_metrics(folder)
    if metrics:
        metric_tables.show_metrics(metrics, to_stderr=str(json_file) == "-")
    table.save_json(json_file, metrics)
    terminal.echo(f"\n{page}", err=True)


def plain_title(title: str) -> str:
    """Returns a title without its capital, unless it begins with an abbreviation such as AUC or RR.MajK."""
    first = re.match(r"[A-Z][a-z]+(?![\w.@])", title)
    return title[0].lower() + title[1:] if first else title


def show_compared(rows: Sequence[Comparison], folders: Sequence[Path], to_stderr: bool) -> None:
    """Prints one problem set: a table of metrics by runs for each model, or of models by runs where there is
    only one metric. Each value has its interval and number of problems."""
    same = len({folder.name for folder in folders}) < len(folders)
    runs = [str(folder) if same else folder.name for folder in folders]
    single = len({row.title for row in rows}) == 1
    for about in dict.fromkeys(plain_title(row.title) if single else row.model for row in rows):
        mine = [row for row in rows if single or row.model == about]
        cells = [
            [
                row.model if single else plain_title(row.title),
                *(cell.sized if cell else "-" for cell in row.cells),
            ]
            for row in mine
        ]
        table.print_title(f"{rows[0].problems}: {about}", to_stderr=to_stderr)
        table.print_table(cells, ["model" if single else "metric", *runs], to_stderr=to_stderr)


@app.command("compare")
def compare_runs(
    runs: Annotated[list[Path], Argument(metavar="RUN", help="Run folders, or their names under runs/.")],
    metric: Annotated[
        str, Option(metavar="NAME", help="Only this metric, such as accuracy or pass@32.")
    ] = "",
    problems: Annotated[str, Option(metavar="NAME", help="Only this problem set.")] = "",
    model: Annotated[str, Option(metavar="NAME", help="Only this model, such as ei.")] = "",
    json_file: Json = None,
) -> None:
    """Compare the metrics of several runs.

    Prints each value with its 95 % interval and number of problems. Paired differences between the models of
    one run are in `numerate report`.

    \b
    Examples:
      numerate compare quickstart second-seed
      numerate compare runs/* --metric accuracy --model ei
    """
    from numerate import report

    if len(runs) < 2:
        raise ValueError("compare takes two or more runs: numerate compare RUN RUN")
    folders = [as_run(run) for run in runs]
    rows = report.compare(folders)
    kept = [
        row
        for row in rows
        if metric.lower() in ("", row.metric, row.title.lower())
        and problems in ("", row.problems)
        and model in ("", row.model, *row.model.split(" / "))
    ]
    if not kept:
        choices = {
            "metrics": [plain_title(row.title) for row in rows],
            "problem sets": [row.problems for row in rows],
            "models": [row.model for row in rows],
        }
        words = (f"the {kind} of these runs are {', '.join(dict.fromkeys(v))}" for kind, v in choices.items())
        raise ValueError(f"no result matches the options; {'; '.join(words)}")
    for name in dict.fromkeys(row.problems for row in kept):
        show_compared([row for row in kept if row.problems == name], folders, str(json_file) == "-")
    names = [str(folder) for folder in folders]
    table.save_json(json_file, {"runs": names, "rows": [asdict(row) for row in kept]})
