"""numerate shootout: comparison of methods over several random seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from numerate.cli import table, terminal
from numerate.cli.app import app
from numerate.cli.options import Json, Out, Quiet, Redo, Trust


@app.command()
def shootout(
    recipe: Annotated[
        str, Argument(metavar="RECIPE", help="A recipe with stages that start from the same model.")
    ] = "shootout",
    overrides: Annotated[
        list[str] | None, Argument(metavar="KEY=VALUE", help="Overrides of the recipe, as for `run`.")
    ] = None,
    seeds: Annotated[int, Option(min=1, metavar="N", help="Number of seeds, from the recipe's seed on.")] = 3,
    jobs: Annotated[
        int,
        Option(
            min=1,
            metavar="N",
            help="Seeds that run in parallel, each on an equal share of the cores.",
        ),
    ] = 1,
    out: Out = Path("runs"),
    redo: Redo = False,
    trust: Trust = None,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Compare the methods of a recipe over several seeds.

    Comparisons are paired by problem. Each seed is a run in runs/NAME/seed-0 and so on; the same command
    resumes a stopped shootout.

    \b
    Examples:
      numerate shootout
      numerate shootout --jobs 2           two seeds at a time, on two cores
      numerate shootout shootout --seeds 5
      numerate shootout mine.yaml grpo.steps=10 name=short
    """
    from numerate import config, progress
    from numerate import shootout as comparing
    from numerate.cli.extras import need_extras
    from numerate.consent import Consent
    from numerate.processes import is_main

    checked = config.load(recipe, overrides or [], out=out, trust=trust or ())
    comparing.find_contestants(checked)
    need_extras()
    numbers = range(checked.seed, checked.seed + seeds)
    bars = progress.make_progress(quiet=quiet) if is_main() else progress.QuietProgress()
    folder = out / checked.name
    results = comparing.run_shootout(
        checked,
        folder,
        numbers,
        progress=bars,
        jobs=min(jobs, seeds),
        consent=Consent(redo, tuple(trust or ())),
    )
    if is_main():
        show_shootout(results, to_stderr=str(json_file) == "-")
        table.save_json(json_file, results)


def show_shootout(results: dict[str, Any], *, to_stderr: bool) -> None:
    from numerate.progress import count_of
    from numerate.report import shootout as page

    seeds = ", ".join(map(str, results["seeds"]))
    table.print_title(
        f"{results['problems']} ({count_of(results['n'], 'problem')}; seeds: {seeds})", to_stderr=to_stderr
    )
    table.print_table(
        page.table_rows(results), page.table_header(results), left=["seeds"], to_stderr=to_stderr
    )
    clear = [
        [f"{row[0]} against {row[1]}", *row[2:4]]
        for row in page.pair_verdicts(results)
        if row[4] != "not significant"
    ]
    if not clear:
        terminal.echo("\nNo difference between two methods is significant.", err=to_stderr)
        return
    terminal.echo("\nSignificant differences:", err=to_stderr)
    table.print_table(clear, ("method", f"points, n={results['n']:,}", "p"), to_stderr=to_stderr)
