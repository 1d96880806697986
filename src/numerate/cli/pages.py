"""numerate report, numerate compare: what finished runs say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from numerate.cli import results, table
from numerate.cli.app import app


def as_run(name: Path) -> Path:
    """A run's folder by its path or, for short, by its name under runs/."""
    short = Path("runs") / name
    return short if not name.exists() and short.is_dir() else name


@app.command("report")
def write_report(
    run: Path = typer.Argument(..., help="The folder of a run, or its name under runs/."),
    json_file: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Write the run's metrics as JSON; - is stdout."
    ),
) -> None:
    """Write a run's report again and show its numbers; the run may still be going on.

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
        results.show_metrics(metrics, to_stderr=str(json_file) == "-")
    table.save_json(json_file, metrics)
    typer.echo(f"\n{page}", err=True)


@app.command("compare")
def compare_runs(
    runs: list[Path] = typer.Argument(..., help="Two or more folders of runs, or their names under runs/."),
    metric: str = typer.Option("", help="Only this metric, such as accuracy or pass@32."),
    problems: str = typer.Option("", help="Only this problem set."),
    model: str = typer.Option("", help="Only this model of the runs, such as ei."),
    json_file: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Write every compared number as JSON; - is stdout."
    ),
) -> None:
    """Put the numbers of several runs side by side, each with its 95 % interval.

    \b
    Examples:
      numerate compare quickstart second-seed
      numerate compare runs/* --metric accuracy --model ei
    """
    from numerate import report

    if len(runs) < 2:
        raise ValueError("compare takes two or more runs: numerate compare RUN RUN")
    folders = [as_run(run) for run in runs]
    found = report.compare(folders)
    kept = [
        row
        for row in found
        if metric.lower() in ("", row.metric, row.title.lower())
        and problems in ("", row.problems)
        and model in ("", row.model)
    ]
    if not kept:
        known = ", ".join(dict.fromkeys(row.title.lower() for row in found))
        raise ValueError(f"nothing is left to compare; the metrics of these runs are {known}")
    header = ["problems", "model", "metric", *(folder.name for folder in folders)]
    cells = [
        [row.problems, row.model, row.title.lower(), *(cell.text if cell else "-" for cell in row.cells)]
        for row in kept
    ]
    table.show(cells, header, left=["model", "metric"], to_stderr=str(json_file) == "-")
    names = [str(folder) for folder in folders]
    table.save_json(json_file, {"runs": names, "rows": [asdict(row) for row in kept]})
