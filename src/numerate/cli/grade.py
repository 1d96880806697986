"""numerate grade: verdicts on answers that any model gave."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, TextIO, cast, get_args

import typer
from typer import Argument, Option

from numerate.cli import table, terminal
from numerate.cli.app import app
from numerate.cli.input_lines import decoded_lines, json_lines
from numerate.cli.options import Counts, keep_inputs, target
from numerate.progress import count_of


@app.command("grade")
def grade_file(
    file: Annotated[
        Path,
        Argument(metavar="FILE", help="JSONL, JSON, CSV, TSV, also as .gz; or - for JSONL from stdin."),
    ],
    out: Annotated[
        Path,
        Option("--out", "-o", metavar="FILE", callback=target, help="Output file; - is stdout."),
    ] = Path("-"),
    strict: Annotated[
        bool, Option("--strict", help="Reject answers that differ in a unit, % or variable name.")
    ] = False,
    fallback: Annotated[
        str,
        Option(
            metavar="expression|number|none",
            help="Answer of a solution without a marked answer: its last expression, last number, or none.",
        ),
    ] = "expression",
    unfinished: Annotated[
        bool, Option("--unfinished", help="Also extract answers from an unclosed thinking block.")
    ] = False,
    workers: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Worker processes; default: one per core for a file, one for stdin."),
    ] = None,
    json_file: Counts = None,
) -> None:
    """Grade answers against references, one verdict per line.

    A line has an id, a reference, and a candidate (an answer) or a solution (a text that ends in an answer):

    \b
      {"id": 1, "reference": "1/2", "candidate": "0.5"}
      {"id": 2, "reference": "24", "solution": "48/2=24 clips. #### 24"}
    becomes
      {"id": 1, "correct": true, "answer": "0.5", "how": "number"}

    "how" names the rule of the verdict (docs/grading.md), "source" the position of the answer in a solution
    (docs/grading-extraction.md). A line may also have a kind (number, math, choice) and choices. Verdicts
    keep the order of the file.

    An unreadable line becomes {"id", "line", "error"}; an internal error of the grader becomes a wrong answer
    with "how": "error", the exception, and the texts. All other lines are graded; the exit code is 1.

    \b
    Examples:
      numerate grade answers.jsonl --out verdicts.jsonl
      cat answers.jsonl | numerate grade - | jq .correct
    """
    from numerate.answers import Fallback, grade_lines, grade_lines_at_once

    if fallback not in get_args(Fallback):
        raise ValueError(f"--fallback {fallback}: choose {', '.join(get_args(Fallback))}")
    counts_as = cast(Fallback, fallback)
    keep_inputs([file], out=out, json=json_file)
    counts: Counter[str] = Counter()
    with open_input(file) as lines, open_output(out) as verdicts_file:
        one_by_one = workers == 1 or (workers is None and str(file) == "-")
        if one_by_one:
            verdicts = grade_lines(lines, strict, counts_as, unfinished)
        else:
            verdicts = grade_lines_at_once(lines, strict, workers, counts_as, unfinished)
        for verdict in verdicts:
            outcome = outcome_of(verdict)
            counts[outcome] += 1
            if outcome in PROBLEMS and counts[outcome] <= SHOWN:
                terminal.echo(PROBLEMS[outcome](str(file), verdict), err=True)
            verdicts_file.write(encodable(json.dumps(verdict, ensure_ascii=False), verdicts_file) + "\n")
    print_summary(counts)
    table.save_json(json_file, {name: counts[name] for name in ("right", "wrong", "bad", "errors")})
    if not counts.total():
        name = "stdin" if str(file) == "-" else str(file)
        terminal.echo(
            f'{name} holds no line: write {{"id", "reference", "candidate"}}, one per line', err=True
        )
    if counts["bad"] or counts["errors"] or not counts.total():
        raise typer.Exit(1)


UNREADABLE = frozenset({".parquet", ".xlsx", ".zip", ".zst", ".xz", ".bz2"})
"""endings of files that hold no lines of text"""
SHOWN = 5
"""unreadable lines, and errors of the grader, that are named on stderr"""


def outcome_of(verdict: Mapping[str, Any]) -> str:
    if "error" in verdict:
        return "bad"
    return "errors" if verdict["how"] == "error" else "right" if verdict["correct"] else "wrong"


def unreadable_line(file: str, verdict: Mapping[str, Any]) -> str:
    return f"{file}:{verdict['line']}: {verdict['error']}"


def internal_error(file: str, verdict: Mapping[str, Any]) -> str:
    fields = {name: verdict[name] for name in ("id", "reference", "candidate", "solution") if name in verdict}
    return f"{file}: {verdict['exception']}, at {json.dumps(fields)}"


PROBLEMS = {"bad": unreadable_line, "errors": internal_error}


def print_summary(counts: Mapping[str, int]) -> None:
    """Writes the counts to stderr."""
    right, graded = counts["right"], counts["right"] + counts["wrong"] + counts["errors"]
    share = f" ({right / graded:.1%})" if graded else ""
    terminal.echo(f"{right:,} of {graded:,} right{share}", err=True)
    if counts["bad"]:
        terminal.echo(
            f"{count_of(counts['bad'], 'line')} could not be read: correct and grade again", err=True
        )
    if counts["errors"]:
        terminal.echo(
            f"{count_of(counts['errors'], 'answer')} caused an error of the grader, counted as wrong: please "
            'report the rows with "how": "error"',
            err=True,
        )


def encodable(text: str, target: TextIO) -> str:
    """Returns the text with question marks for what the encoding of the output lacks, such as lone
    surrogates."""
    encoding = getattr(target, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


@contextmanager
def open_input(file: Path) -> Iterator[Iterable[str]]:
    if str(file) == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            yield decoded_lines(sys.stdin.buffer, "stdin")
        else:
            yield sys.stdin
    elif file.suffix in UNREADABLE:
        raise ValueError(f"{file} has no supported format: convert it to JSONL, CSV or TSV")
    elif file.is_file():
        with json_lines(file) as lines:
            yield lines
    else:
        what = "is a folder" if file.is_dir() else "does not exist"
        raise ValueError(f"{file} {what}: name a JSONL, CSV or TSV file, or - for stdin (JSONL)")


@contextmanager
def open_output(out: Path) -> Iterator[TextIO]:
    """Opens a file that appears when all of it is written; a stopped command leaves an old one unchanged."""
    if str(out) == "-":
        yield cast(TextIO, terminal.Stdout())
        return
    from numerate.store import replace_file

    with replace_file(out) as part, part.open("w", encoding="utf-8", errors="replace") as target:
        yield target
