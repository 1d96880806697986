"""numerate grade: verdicts on answers that any model gave."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from typer import Argument, Option

from numerate.cli import table
from numerate.cli.app import app
from numerate.cli.lines import json_lines


@app.command("grade")
def grade_file(
    file: Annotated[Path, Argument(metavar="FILE", help="JSONL or CSV, also .gz, or - for stdin.")],
    out: Annotated[
        Path, Option("--out", "-o", metavar="FILE", help="Where the verdicts go; - is stdout.")
    ] = Path("-"),
    strict: Annotated[
        bool, Option("--strict", help="A unit, % or name on one side only is a difference.")
    ] = False,
    workers: Annotated[
        int | None, Option(min=1, help="Processes: by default one per core for a file, one for stdin.")
    ] = None,
    json_file: Annotated[
        Path | None, Option("--json", metavar="FILE", help="Write the counts as JSON.")
    ] = None,
) -> None:
    """Grade answers against references, a verdict per line.

    A line holds an id, a reference, and a candidate (an answer) or a solution (a text to find the answer in):

    \b
      {"id": 1, "reference": "1/2", "candidate": "0.5"}
      {"id": 2, "reference": "24", "solution": "48/2=24 clips. #### 24"}
    becomes
      {"id": 1, "correct": true, "answer": "0.5", "how": "number"}

    Verdicts stand in the order of the file. A line that cannot be read becomes {"line", "error"}; the others
    are graded all the same, and the exit code is 1.

    \b
    Examples:
      numerate grade answers.jsonl --out verdicts.jsonl
      cat answers.jsonl | numerate grade - | jq .correct
    """
    from numerate.answers import grade_lines, grade_lines_at_once

    if str(out) != "-" and out.resolve() == file.resolve():
        raise ValueError(f"--out {out} is the file that is read: name another one")
    counts: Counter[str] = Counter()
    with reading(file) as lines, writing(out) as target:
        one_by_one = workers == 1 or (workers is None and str(file) == "-")
        verdicts = grade_lines(lines, strict) if one_by_one else grade_lines_at_once(lines, strict, workers)
        for verdict in verdicts:
            counts["bad" if "error" in verdict else "right" if verdict["correct"] else "wrong"] += 1
            if counts["bad"] <= 5 and "error" in verdict:
                typer.echo(f"{file}:{verdict['line']}: {verdict['error']}", err=True)
            target.write(json.dumps(verdict, ensure_ascii=False) + "\n")
    graded = counts["right"] + counts["wrong"]
    share = f" ({counts['right'] / graded:.1%})" if graded else ""
    typer.echo(f"{counts['right']:,} of {graded:,} right{share}", err=True)
    table.save_json(json_file, {"right": counts["right"], "wrong": counts["wrong"], "bad": counts["bad"]})
    if counts["bad"]:
        typer.echo(f"{counts['bad']:,} lines could not be read: correct them and grade again", err=True)
        raise typer.Exit(1)


@contextmanager
def reading(file: Path) -> Iterator[Iterable[str]]:
    if str(file) == "-":
        yield sys.stdin
    elif file.is_file():
        with json_lines(file) as lines:
            yield lines
    else:
        what = "is a folder" if file.is_dir() else "does not exist"
        raise ValueError(f"{file} {what}: name a JSONL file, or - for stdin")


@contextmanager
def writing(out: Path) -> Iterator[TextIO]:
    """The file appears when all of it is written; a stopped command leaves an old one as it was."""
    if str(out) == "-":
        yield sys.stdout
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    with part.open("w", encoding="utf-8", errors="replace") as target:
        yield target
    part.replace(out)
