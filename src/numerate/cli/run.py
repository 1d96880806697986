"""numerate run: trains and evaluates the models of a recipe."""

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
            metavar="RECIPE",
            help="A shipped recipe (see `numerate recipes`), a YAML file, or a run's folder.",
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        Argument(
            metavar="KEY=VALUE", help="Overrides of the recipe: model=..., STAGE.KEY=..., evaluate.samples=8."
        ),
    ] = None,
    out: Out = Path("runs"),
    dry_run: Annotated[
        bool, Option("--dry-run", help="Check the recipe, print it with all defaults, and exit.")
    ] = False,
    redo: Redo = False,
    trust: Trust = None,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Train and evaluate the models of a recipe, or resume a run.

    The same command resumes a stopped run. Completed stages are not repeated. After a change of the recipe,
    only the stages that depend on the change are repeated; replacing a completed stage needs confirmation, on
    the terminal or by --redo. Code outside Numerate runs only for modules named by --trust, also when a run
    is resumed.

    \b
    Examples:
      numerate run quickstart
      numerate run gsm8k model=Qwen/Qwen2.5-0.5B ei.sample.rollouts=8
      numerate run my-recipe.yaml seed=1 name=second-seed
      numerate run quickstart sft.limit=100 --dry-run > small.yaml
      numerate run runs/quickstart           resume a run
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
    from numerate.processes import is_main

    bars = progress.make_progress(quiet=quiet) if is_main() else progress.QuietProgress()
    agreed = Consent(redo or ask, tuple(trust or ()))
    metrics = run.run(checked, folder, progress=bars, consent=agreed)
    if not is_main():
        return
    metric_tables.show_metrics(metrics, to_stderr=str(json_file) == "-")
    save_json(json_file, metrics)
