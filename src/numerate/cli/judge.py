"""numerate judge: scores of solutions and their steps by a reward model, an evaluator or the oracle."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from numerate.cli import table, terminal
from numerate.cli.app import app
from numerate.cli.grade import open_input
from numerate.cli.options import Counts, Device, Dtype, Quiet, keep_inputs, target


@app.command("judge")
def judge_solutions(
    judge: Annotated[
        str,
        Argument(
            metavar="JUDGE",
            help="Directory of a reward model or evaluator (stages/prm/model), or oracle.",
        ),
    ],
    file: Annotated[Path | None, Argument(metavar="[FILE]", help="JSONL, or - for stdin.")] = None,
    out: Annotated[
        Path, Option("--out", "-o", metavar="FILE", callback=target, help="Output file; - is stdout.")
    ] = Path("-"),
    problems: Annotated[
        str | None, Option("--problems", "-p", metavar="NAME", help="Problem set of the problem ids.")
    ] = None,
    marked: Annotated[
        str | None,
        Option(metavar="NAME", help="Evaluate the scorer on a set of labelled steps, in place of FILE."),
    ] = None,
    limit: Annotated[
        int | None,
        Option(
            min=1, metavar="N", help="Use only N solutions: the first of a file, a fixed subset of a set."
        ),
    ] = None,
    threshold: Annotated[
        float,
        Option(min=0, max=1, metavar="X", help="With --marked: steps with lower scores count as wrong."),
    ] = 0.5,
    aggregate: Annotated[
        str | None, Option(metavar="HOW", help="Aggregation of step scores: avg, prod, max, min, last.")
    ] = None,
    neutral: Annotated[
        str | None,
        Option(
            metavar="HOW", help="Use of the neutral class of a three-class PRM: positive, negative, drop."
        ),
    ] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    json_file: Counts = None,
    quiet: Quiet = False,
) -> None:
    """Score solutions with a reward model, an evaluator or the oracle.

    A line has an id, a solution, and a question, or with --problems a problem_id (default: the id):

    \b
      {"id": 1, "question": "What is 2+3?", "solution": "2+3=5\\n#### 5"}
      {"id": 2, "problem_id": "story-7", "solution": "48/2=24\\n#### 24"}
    becomes
      {"id": 1, "scores": [0.93], "steps": ["2+3=5"], "score": 0.93}

    Scores keep the order of the file. With --out, the same command resumes: ids in the output file are not
    scored again. An unreadable line becomes {"line", "error"}; all other lines are scored, and the exit code
    is 1.

    \b
    Examples:
      numerate judge runs/verifier/stages/prm/model mine.jsonl -o scores.jsonl
      numerate judge oracle mine.jsonl --problems stories/test
      numerate judge runs/verifier/stages/prm/model --marked processbench/gsm8k
    """
    from numerate import progress
    from numerate.cli import labelled_steps, score_file

    source = score_file.JudgeOptions(judge, aggregate, neutral, device, dtype)
    if (file is None) == (marked is None):
        raise ValueError("give a FILE of solutions, or --marked with a set of labelled steps")
    shown = progress.make_progress(quiet=quiet)
    if file is None:
        return labelled_steps.measure_judge(source, marked or "", limit, threshold, json_file, shown)
    keep_inputs([file], out=out, json=json_file)
    by_id = score_file.known_problems(source, problems)
    total = score_file.count_lines(file, limit)
    with open_input(file) as lines, score_file.resume_output(out, source.identity(by_id)) as (target, done):
        first_lines = islice(lines, limit)
        counts = score_file.write_scores(str(file), first_lines, total, target, done, source, by_id, shown)
    table.save_json(json_file, counts)
    if counts["bad"]:
        terminal.echo(
            f"{progress.count_of(counts['bad'], 'line')} could not be read: correct them and score again",
            err=True,
        )
    elif not counts["scored"] and not done:
        terminal.echo(f'{file} holds no line: write {{"id", "question", "solution"}}, one per line', err=True)
    else:
        return
    raise typer.Exit(1)
