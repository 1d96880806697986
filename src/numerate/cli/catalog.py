"""numerate problems, recipes, schema: lists of problem sets and recipes, the schema of recipes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from numerate.cli import table, terminal
from numerate.cli.app import app
from numerate.cli.options import Json, Limit, target

if TYPE_CHECKING:
    from numerate.problems import Audit
    from numerate.types import Problem

SHOWN_PAIRS = 5
"""examples printed per kind of finding; --json has all of them"""


@app.command("recipes")
def show_recipes(
    name: Annotated[str, Argument(metavar="NAME", help="Print this recipe's file.")] = "",
    json_file: Json = None,
) -> None:
    """List the shipped recipes, or print one.

    Start a new recipe as a copy of a shipped one.

    \b
    Examples:
      numerate recipes
      numerate recipes quickstart > mine.yaml
    """
    from numerate import recipes

    if name:
        terminal.echo(recipes.recipe_text(name), nl=False)
        return
    summaries = {each: recipes.recipe_summary(each) for each in recipes.recipe_names()}
    to_stderr = str(json_file) == "-"
    for each, about in summaries.items():
        terminal.echo(each, err=to_stderr)
        table.paragraph(about, indent="  ", to_stderr=to_stderr)
        terminal.echo("", err=to_stderr)
    table.paragraph("numerate recipes NAME prints one; numerate run NAME runs it.", to_stderr=to_stderr)
    table.save_json(json_file, [{"name": each, "about": about} for each, about in summaries.items()])


@app.command("schema")
def print_schema(
    out: Annotated[Path, Option(metavar="FILE", callback=target, help="Output file; - is stdout.")] = Path(
        "-"
    ),
) -> None:
    """Print the JSON schema of recipes, for editors.

    The schema has the options of all methods and the help of every key.

    \b
    For completion and checks in an editor with YAML support, write the schema:
      numerate schema --out recipe.schema.json
    and start the recipe with the line:
      # yaml-language-server: $schema=recipe.schema.json
    """
    from numerate import config
    from numerate.store import write_text

    text = json.dumps(config.json_schema(), indent=2)
    if str(out) == "-":
        terminal.echo(text)
    else:
        write_text(out, text + "\n")


@app.command("problems")
def show_problems(
    name: Annotated[
        str,
        Argument(metavar="NAME", help="A problem set, such as stories/train, gsm8k/test, or a JSONL file."),
    ] = "",
    show: Annotated[
        int, Option(min=0, metavar="N", help="Print N problems with their solutions and answers.")
    ] = 0,
    check: Annotated[
        bool,
        Option(
            "--check",
            help="Check for duplicates, overlap with test sets, and wrong answers.",
        ),
    ] = False,
    against: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="With --check: compare with this set; default: all local test sets."),
    ] = None,
    limit: Limit = None,
    json_file: Json = None,
) -> None:
    """List the known problem sets, or inspect one.

    With --check, the exit code is 1 for duplicates, for answers that no answer can equal, and for solutions
    that end in a different answer than their problem's.

    \b
    Examples:
      numerate problems
      numerate problems stories/train --show 3
      numerate problems gsm8k/train --check
      numerate problems my/problems.jsonl --check --against gsm8k/test
    """
    from numerate import problems

    to_stderr = str(json_file) == "-"
    if against and not check:
        raise ValueError("--against needs --check: add --check, or leave --against out")
    if not name:
        return table.save_json(json_file, list_sets(to_stderr))
    problems.check(name)
    members = problems.load(name, limit=limit)
    facts = (
        audit_facts(name, members, against or [], to_stderr) if check else describe_facts(members, to_stderr)
    )
    if left := problems.left_out(name):
        table.print_pairs([("left out", f"{left:,}, whose solution has another answer")], to_stderr=to_stderr)
    for problem in members[:show]:
        terminal.echo(f"\n{format_problem(problem)}", err=to_stderr)
    table.save_json(json_file, {"name": name, **facts})
    if check and not facts["clean"]:
        raise typer.Exit(1)


def list_sets(to_stderr: bool) -> list[dict[str, Any]]:
    from numerate import problems

    sets = [
        {
            "name": name,
            "splits": list(dataset.kinds),
            "about": dataset.about,
            "here": any(dataset.at_hand(split) for split in dataset.kinds),
        }
        for name, dataset in sorted(problems.TABLE.items())
    ]
    rows = [[s["name"], "yes" if s["here"] else "no", s["about"]] for s in sets]
    table.print_table(rows, ["name", "here", "about"], ["here", "about"], to_stderr=to_stderr)
    terminal.echo("\nSplits:", err=to_stderr)
    for s in sets:
        table.paragraph(f"{s['name']}: {', '.join(s['splits'])}", indent="  ", to_stderr=to_stderr)
    terminal.echo("", err=to_stderr)
    more = "Also any JSONL, CSV or Parquet file, hub datasets as org/name/split, slices and mixes:"
    table.paragraph(more, to_stderr=to_stderr)
    terminal.echo("  2*gsm8k/train[:500] + mawps/train", err=to_stderr)
    return sets


def describe_facts(members: Sequence[Problem], to_stderr: bool) -> dict[str, Any]:
    from numerate.problems.descriptions import describe

    described = describe(members)
    table.print_pairs(described.rows(), to_stderr=to_stderr)
    return asdict(described)


def audit_facts(name: str, members: Sequence[Problem], against: list[str], to_stderr: bool) -> dict[str, Any]:
    """Returns duplicates, and overlap with the sets named or with every test set on this machine."""
    from numerate.problems.descriptions import audit_problems
    from numerate.problems.table import tests_beside

    audited = audit_problems(members, tests_beside(name, against))
    table.print_pairs(audited.rows(), to_stderr=to_stderr)
    for ids in audited.duplicates[:SHOWN_PAIRS]:
        terminal.echo(f"  duplicates: {', '.join(ids)}", err=to_stderr)
    for other, shared in audited.overlaps.items():
        for pair in [*shared.exact, *shared.near][:SHOWN_PAIRS]:
            terminal.echo(
                f"  {pair.train} and {pair.test} of {other}: similarity {pair.similarity:.0%}", err=to_stderr
            )
    tell_findings(name, audited, to_stderr)
    return {**asdict(audited), "clean": audited.clean}


def tell_findings(name: str, audited: Audit, to_stderr: bool) -> None:
    """Prints the first rows whose answer is unusable or contradicted, by file and line where they are
    known."""
    from numerate import problems

    if not (audited.unusable or audited.contradictions):
        return
    where = problems.origins(name)
    for finding in audited.unusable[:SHOWN_PAIRS]:
        position = where[finding.row - 1] if where else finding.id
        terminal.echo(
            f"  {position}: the answer is {finding.answer!r}; correct it or leave the row out", err=to_stderr
        )
    for finding in audited.contradictions[:SHOWN_PAIRS]:
        position = where[finding.row - 1] if where else finding.id
        message = f"the solution ends in {finding.read!r}, the answer is {finding.answer!r}"
        terminal.echo(f"  {position}: {message}", err=to_stderr)


def format_problem(problem: Problem) -> str:
    choices = "".join(f"\n({letter}) {text}" for letter, text in problem.choices)
    solution = f"\n\n{problem.solution}" if problem.solution else ""
    return f"--- {problem.id}\n{problem.question}{choices}{solution}\n\nanswer: {problem.answer}"
