"""numerate select: pass@k, majority votes and re-ranking of sampled solutions from files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from numerate.cli import selection_tables, table, terminal
from numerate.cli.app import app
from numerate.cli.options import Json, keep_inputs
from numerate.progress import count_of

if TYPE_CHECKING:
    from numerate.answers.faults import Fault
    from numerate.metrics.metric import Metric
    from numerate.problems.sample_files import Sampled

SCORE = "score"
"""name of the scorer in the rows"""


@app.command("select")
def select_among(
    files: Annotated[
        list[Path],
        Argument(metavar="FILE", help="JSONL, JSON or Parquet files with samples, merged by problem."),
    ],
    k: Annotated[
        list[int] | None,
        Option("-k", min=1, metavar="K", help="The k of pass@k and maj@k. Repeatable."),
    ] = None,
    aggregate: Annotated[
        str | None, Option(metavar="HOW", help="Aggregation of step scores: avg, prod, max, min, last.")
    ] = None,
    json_file: Json = None,
) -> None:
    """Compute pass@k, votes and re-ranking of sampled solutions.

    A line has a problem with its samples, or one sample; samples of the same problem are merged, also across
    files. Verdicts are read from the file or graded against the reference; answers without a pred are
    extracted from the text. With scores, all selection strategies are listed. The exit code is 1 after an
    internal error of the grader.

    \b
      {"id": 1, "answer": "5", "samples": [{"pred": "5", "score": 0.9}, ...]}
      {"id": 1, "reference": "5", "response": "2+3=5\\n#### 5"}

    \b
    Examples:
      numerate select samples.jsonl
      numerate select system-1.jsonl system-2.jsonl system-3.jsonl
      numerate select samples.jsonl -k 1 -k 10 --json rows.json
    """
    from numerate.answers import faults
    from numerate.metrics import catalog
    from numerate.problems import sample_files

    keep_inputs(files, json=json_file)
    before = faults.count_faults()
    sampled = sample_files.load(existing_file(files))
    rows = sample_results(sampled, k, aggregate)
    to_stderr = str(json_file) == "-"
    name = " + ".join(file.name for file in files)
    print_results(sampled, to_stderr)
    header = [
        "k",
        "n",
        *(
            catalog.title(
                metric.name, catalog.limit_letter(metric.name) if metric.over == "k clusters" else "k"
            )
            for metric in shown_metrics()
        ),
    ]
    table.print_table(result_lines(rows), header, keys=2, to_stderr=to_stderr)
    about = [{"model": "samples", "problems": name} | row for row in rows]
    selection_tables.show_choices({"results": about}, {}, to_stderr=to_stderr)
    table.save_json(json_file, {"results": about})
    if met := faults.count_faults() - before:
        tell_faults(met, faults.faults_since(before)[:SHOWN])
        raise typer.Exit(1)


SHOWN = 5
"""errors of the grader that are named on stderr"""


def tell_faults(count: int, first: Sequence[Fault]) -> None:
    for fault in first:
        terminal.echo(f"{fault.exception}, at {json.dumps(fault.texts)}", err=True)
    terminal.echo(
        f"{count:,} answers caused an error of the grader and count as wrong or as distinct", err=True
    )


def existing_file(files: Sequence[Path]) -> Sequence[Path]:
    """Checks that every file exists and is named once. Raises ValueError where it is not so: the samples of
    a file named twice would count twice."""
    for file in files:
        if not file.is_file():
            what = "is a folder" if file.is_dir() else "does not exist"
            raise ValueError(f"{file} {what}: name files with samples, one line per problem or sample")
    places = [file.resolve() for file in files]
    for file, path in zip(files, places, strict=True):
        if places.count(path) > 1:
            raise ValueError(f"{file} is named {places.count(path)} times: name each file once")
    return files


def sample_results(samples: Sampled, k: Sequence[int] | None, aggregate: str | None) -> list[dict[str, Any]]:
    """Computes the rows of votes and strategies. Raises ValueError for a k beyond the samples, and for step
    scores without an aggregate."""
    from numerate.credit import AGGREGATES
    from numerate.metric_rows import powers_of_two
    from numerate.reranking import cluster_rows, selection_results, vote_rows

    if aggregate is not None and aggregate not in AGGREGATES:
        raise ValueError(f"--aggregate {aggregate}: expected one of {', '.join(AGGREGATES)}")
    if aggregate is None and any(len(scores) != 1 for scores in samples.scores.values()):
        raise ValueError(
            f"the samples have one score per step: choose their aggregation with --aggregate: "
            f"{', '.join(AGGREGATES)}"
        )
    most = len(samples.groups[0].rollouts)
    beyond = [each for each in k or () if each > most]
    if beyond:
        raise ValueError(f"-k {beyond[0]}: there are {most} samples per problem")
    rows = vote_rows(samples.groups, sorted({*k}) if k else powers_of_two(most)) + cluster_rows(
        samples.groups
    )
    if samples.scores:
        rows += selection_results(samples.groups, samples.scores, judge=SCORE, how=aggregate or "last")
    return rows


def print_results(samples: Sampled, to_stderr: bool) -> None:
    from numerate.problems import sample_files

    problems, most = len(samples.groups), len(samples.groups[0].rollouts)
    silent = sum(sample.rollout.answer is None for group in samples.groups for sample in group.rollouts)
    terminal.echo(
        f"{count_of(problems, 'problem')}, {count_of(most, 'sample')} each; {silent:,} without an answer",
        err=to_stderr,
    )
    mixed = len(sample_files.contradictory_problems(samples.groups))
    if mixed:
        message = "problems have equal answers with different verdicts; a vote takes the first verdict"
        terminal.echo(f"{mixed:,} {message}", err=True)
    if samples.fewer:
        named = ", ".join(samples.fewer[:3]) + (", ..." if len(samples.fewer) > 3 else "")
        terminal.echo(
            f"{len(samples.fewer):,} problems have fewer samples and are left out: {named}", err=True
        )


def shown_metrics() -> list[Metric]:
    """Returns those of votes and clusters, which need no scores."""
    from numerate.metrics import catalog

    return catalog.metrics_over("k samples") + catalog.metrics_over("k clusters")


def result_lines(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    at = {(row["metric"], row["k"]): row for row in rows if "by" not in row and "judge" not in row}
    metrics = shown_metrics()
    ks = sorted({k for name, k in at if name in {metric.name for metric in metrics}})
    numbers = {k: {row["n"] for metric in metrics if (row := at.get((metric.name, k)))} for k in ks}
    return [
        [
            str(k),
            " ".join(f"{n:,}" for n in sorted(numbers[k])),
            *(format_percent(at.get((metric.name, k)), metric) for metric in metrics),
        ]
        for k in ks
    ]


def format_percent(row: Mapping[str, Any] | None, metric: Metric) -> str:
    if row is None:
        return ""
    digits = 2 if metric.unit == "proportion" else 0
    value = f"{100 * row['value']:.{digits}f}%"
    return value if row["low"] is None else f"{value} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
