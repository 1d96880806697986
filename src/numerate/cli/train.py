"""numerate run: a recipe from its first stage to the report."""

from __future__ import annotations

from pathlib import Path

import typer

from numerate.cli import results
from numerate.cli.app import app


@app.command("run")
def run_recipe(
    recipe: str = typer.Argument(
        ..., help="A shipped recipe (see `numerate recipes`), a YAML file, or a run's folder."
    ),
    overrides: list[str] = typer.Argument(
        None,
        metavar="[KEY=VALUE]...",
        help="Changes to the recipe: model=..., STAGE.KEY=..., evaluate.samples=8.",
    ),
    out: Path = typer.Option(Path("runs"), help="The folder that holds the folders of runs."),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Check everything, print the recipe with every default, and do nothing."
    ),
    json_file: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Write metrics.json here too; - is stdout."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Show no progress, only the table."),
) -> None:
    """Train and measure as a recipe says; a stopped run goes on where it was.

    What is done is not done again: after a change, only the stages that it concerns are.

    \b
    Examples:
      numerate run quickstart
      numerate run gsm8k model=Qwen/Qwen2.5-0.5B ei.samples=8
      numerate run my-recipe.yaml seed=1 name=second-seed
      numerate run quickstart sft.limit=100 --dry-run > small.yaml
      numerate run runs/quickstart           go on with a run
    """
    from numerate import config, progress
    from numerate.cli.table import save_json

    checked = config.load(recipe, overrides or [], out=out)
    folder = out / checked.name
    if dry_run:
        typer.echo(config.resolved(checked), nl=False)
        results.show_plan(checked, folder)
        return
    from numerate import run

    if not quiet:
        results.show_plan(checked, folder)
    metrics = run.run(checked, folder, progress=progress.progress(quiet=quiet))
    results.show_metrics(metrics, to_stderr=str(json_file) == "-")
    save_json(json_file, metrics)
    page = folder / "report" / "index.html"
    typer.echo(f"\n{page if page.exists() else folder}", err=True)
