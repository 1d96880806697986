"""numerate run: a recipe from its first stage to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from numerate.cli import metric_tables, terminal
from numerate.cli.app import app
from numerate.cli.options import Json, Out, Quiet, Redo, Trust


@app.command("run")
def run_recipe(
    recipe: Annotated[
        str,
        Argument(
            metavar="RECIPE", help="A shipped recipe (see `numerate recipes`), a YAML file, a run's folder."
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        Argument(
            metavar="KEY=VALUE", help="Changes to the recipe: model=..., STAGE.KEY=..., evaluate.samples=8."
        ),
    ] = None,
    out: Out = Path("runs"),
    dry_run: Annotated[
        bool, Option("--dry-run", help="Check everything, print the recipe with every default, do nothing.")
    ] = False,
    redo: Redo = False,
    trust: Trust = None,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Train and measure as a recipe says; or go on with it.

    A run that was stopped goes on where it was. What is done is not done again: after a change of the recipe,
    only the stages that it concerns are; finished ones are replaced where you agree, on the terminal or with
    --redo. A recipe runs no code outside Numerate but functions of modules that --trust names, also where a
    run goes on.

    \b
    Examples:
      numerate run quickstart
      numerate run gsm8k model=Qwen/Qwen2.5-0.5B ei.samples=8
      numerate run my-recipe.yaml seed=1 name=second-seed
      numerate run quickstart sft.limit=100 --dry-run > small.yaml
      numerate run runs/quickstart           go on with a run
    """
    from numerate import config, progress
    from numerate.cli.extras import need_extras
    from numerate.cli.options import ask
    from numerate.cli.table import save_json
    from numerate.consent import Consent

    checked = config.load(recipe, overrides or [], out=out, trust=trust or ())
    folder = config.run_folder(recipe, checked.name, overrides or [], out)
    if dry_run:
        terminal.echo(config.resolved_yaml(checked), nl=False)
        metric_tables.show_plan(checked, folder)
        return
    need_extras()
    from numerate import run
    from numerate.rollouts.distributed import is_main

    bars = progress.make_progress(quiet=quiet) if is_main() else progress.QuietProgress()
    agreed = Consent(redo or ask, tuple(trust or ()))
    metrics = run.run(checked, folder, progress=bars, consent=agreed)
    if not is_main():
        return
    metric_tables.show_metrics(metrics, to_stderr=str(json_file) == "-")
    save_json(json_file, metrics)
