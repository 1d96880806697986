"""numerate problems, recipes, schema: what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from numerate.cli import table
from numerate.cli.app import app

if TYPE_CHECKING:
    from numerate.types import Problem


@app.command("recipes")
def show_recipes(
    name: str = typer.Argument("", help="Print this recipe's file."),
    json_file: Path | None = typer.Option(None, "--json", metavar="FILE", help="Write the list as JSON."),
) -> None:
    """List the shipped recipes, or print one, to run or to begin your own from.

    \b
    Examples:
      numerate recipes
      numerate recipes quickstart > mine.yaml
    """
    from numerate import recipes

    if name:
        typer.echo(recipes.text(name), nl=False)
        return
    known = {each: recipes.about(each) for each in recipes.names()}
    for each, about in known.items():
        typer.echo(f"{each}\n{indented(about)}\n")
    typer.echo("numerate recipes NAME prints one; numerate run NAME runs it.")
    table.save_json(json_file, [{"name": each, "about": about} for each, about in known.items()])


def indented(text: str) -> str:
    from textwrap import fill

    return fill(text, 78, initial_indent="  ", subsequent_indent="  ")


@app.command("schema")
def print_schema(
    out: Path | None = typer.Option(None, help="Write it to this file instead of to stdout."),
) -> None:
    """Print the JSON schema of recipes, with the options of every method.

    \b
    An editor with YAML support completes and checks recipes with it:
      numerate schema --out recipe.schema.json
    and as the first line of the recipe:
      # yaml-language-server: $schema=recipe.schema.json
    """
    from numerate import config

    text = json.dumps(config.schema(), indent=2)
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


@app.command("problems")
def show_problems(
    name: str = typer.Argument("", help="A problem set, such as stories/train, gsm8k/test, or a JSONL file."),
    show: int = typer.Option(0, min=0, help="Print this many problems with their answers."),
    check: bool = typer.Option(False, "--check", help="Look for duplicates, and for overlap with --against."),
    against: str = typer.Option("", help="With --check: the other set, such as gsm8k/test."),
    limit: int | None = typer.Option(None, min=1, help="Read only the first so many problems."),
    json_file: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Write what is shown as JSON."
    ),
) -> None:
    """List the known problem sets, or look into one.

    \b
    Examples:
      numerate problems
      numerate problems stories/train --show 3
      numerate problems gsm8k/train --check --against gsm8k/test
      numerate problems my/problems.jsonl --check
    """
    if name:
        found = look_into(name, show, limit)
        if check:
            found |= check_set(name, against, limit)
        table.save_json(json_file, found)
    else:
        table.save_json(json_file, list_sets())


def list_sets() -> list[dict[str, Any]]:
    from numerate import problems

    rows = [{"name": name} for name in sorted(problems.TABLE)]
    table.show([[row["name"]] for row in rows], ["problem set"])
    typer.echo("\nAlso any JSONL or Parquet file, a hub dataset, and mixes: 2*gsm8k/train+mawps")
    return rows


def look_into(name: str, show: int, limit: int | None) -> dict[str, Any]:
    from collections import Counter

    from numerate import problems

    found = problems.load(name, limit=limit or (show or None if name.startswith("stories") else None))
    if not found:
        raise ValueError(f"{name} holds no problems")
    facts: dict[str, Any] = {
        "name": name,
        "problems": len(found),
        "with_solution": sum(bool(problem.solution) for problem in found),
        "kinds": dict(Counter(problem.kind for problem in found)),
    }
    table.pairs({key.replace("_", " "): value for key, value in facts.items()})
    for problem in found[:show]:
        typer.echo(f"\n{tell(problem)}")
    return facts


def tell(problem: Problem) -> str:
    choices = "".join(f"\n({letter}) {text}" for letter, text in problem.choices)
    solution = f"\n\n{problem.solution}" if problem.solution else ""
    return f"--- {problem.id}\n{problem.question}{choices}{solution}\n\nanswer: {problem.answer}"
