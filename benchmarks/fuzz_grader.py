"""Random pairs and solutions through the grader, on all cores: no exception, no error, nothing slow.

python -m benchmarks.fuzz_grader [--rows 1000000] [--seed 0] [--first 0] [--seconds 0.3] [--slowest 20]

Exits with 1 where a row raised, met an error of the grader, was judged otherwise with its sides exchanged,
took more steps than its budget, or more than --seconds of processor time in one call.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from benchmarks.fuzzing import Fuzz, Row, corpus
from benchmarks.sitting import ROOT
from numerate.answers import cluster, decide, equal, extract, faults, grade
from numerate.answers.budget import READING, STEPS, used_steps
from numerate.types import Kind, Problem

DATA = Path(os.environ.get("NUMERATE_DATA", ROOT.parent / "shared" / "data"))
BLOCK = 500
MOST_STEPS = STEPS + READING
KINDS: tuple[Kind, ...] = ("math", "math", "number", "choice")


class Finding(NamedTuple):
    what: str
    number: int
    call: str
    row: Row


class Slow(NamedTuple):
    seconds: float
    steps: int
    number: int
    call: str


class Report(NamedTuple):
    findings: list[Finding]
    slow: list[Slow]
    hows: Counter[str]


def examine(fuzz: Fuzz, numbers: range, limit: float, keep: int = 20) -> Report:
    findings: list[Finding] = []
    slow: list[Slow] = []
    hows: Counter[str] = Counter()
    for number in numbers:
        row = fuzz.row(number)
        outcomes: dict[str, Any] = {}
        for name, call in calls(row, KINDS[number % len(KINDS)], number):
            before, began = faults.count_faults(), time.process_time()
            try:
                outcomes[name] = call()
            except Exception as error:
                findings.append(Finding(f"{type(error).__name__}: {error}", number, name, row))
            seconds = time.process_time() - began
            slow.append(Slow(seconds, used_steps(), number, name))
            findings += [Finding(fault.exception, number, name, row) for fault in faults.faults_since(before)]
            if used_steps() > MOST_STEPS:
                findings.append(Finding(f"{used_steps()} steps", number, name, row))
            if seconds > limit:
                findings.append(Finding(f"{seconds:.2f} s", number, name, row))
        findings += [Finding(what, number, "pair", row) for what in contradictions(outcomes, number)]
        hows[getattr(outcomes.get("decide"), "how", "none")] += 1
        slow = sorted(slow, reverse=True)[:keep]
    return Report(findings, slow, hows)


def calls(row: Row, kind: Kind, number: int) -> Iterator[tuple[str, Any]]:
    problem = Problem("", "", row.reference, kind=kind)
    if kind == "choice" and number % 3:
        choices = (("A", row.reference), ("B", row.candidate), ("C", "5"))
        problem = Problem("", "", "A", kind=kind, choices=choices)
    yield "decide", lambda: decide(row.candidate, row.reference)
    yield "exchanged", lambda: decide(row.reference, row.candidate)
    yield "strict", lambda: equal(row.candidate, row.reference, kind, strict=True)
    yield "extract", lambda: extract(row.solution, kind)
    yield "grade", lambda: grade(row.solution, problem, strict=number % 5 == 0)
    if number % 10 == 0:
        yield "cluster", lambda: cluster([row.reference, row.candidate, row.solution, None, "5"], kind)


def contradictions(outcomes: dict[str, Any], number: int) -> Iterator[str]:
    verdict, exchanged = outcomes.get("decide"), outcomes.get("exchanged")
    if verdict is not None and exchanged is not None and verdict.equal != exchanged.equal:
        yield f"not symmetric: {verdict.how}, {exchanged.how}"
    is_math = KINDS[number % len(KINDS)] == "math"
    if verdict is not None and outcomes.get("strict") and not verdict.equal and is_math:
        yield f"strictly equal and not equal: {verdict.how}"


def block(job: tuple[int, int, int, float]) -> Report:
    seed, first, rows, limit = job
    fuzz = Fuzz(*corpus(DATA), seed)
    decide("\\sqrt{2}", "2^{0.5}")  # what is made at the first use is no part of a row's time
    return examine(fuzz, range(first, first + rows), limit)


def main(
    rows: Annotated[int, typer.Option(min=1)] = 1_000_000,
    seed: int = 0,
    first: Annotated[int, typer.Option(min=0)] = 0,
    seconds: Annotated[float, typer.Option(help="of one call, above which it counts as too slow")] = 0.3,
    slowest: Annotated[int, typer.Option(min=0)] = 20,
    workers: Annotated[int, typer.Option(min=0, help="0: one per core")] = 0,
) -> None:
    """Fuzz the grader and report what went wrong and what was slow."""
    size = max(BLOCK, rows // 400)
    jobs = [
        (seed, start, min(size, first + rows - start), seconds) for start in range(first, first + rows, size)
    ]
    findings: Counter[str] = Counter()
    slow: list[Slow] = []
    hows: Counter[str] = Counter()
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        for done, report in enumerate(pool.map(block, jobs), start=1):
            for finding in report.findings:
                findings[f"{finding.call}: {finding.what}"[:90]] += 1
                if findings[f"{finding.call}: {finding.what}"[:90]] <= 3:
                    print(f"row {finding.number}, {finding.call}: {finding.what}")
                    print("   ", *(repr(text[:120]) for text in finding.row), flush=True)
            slow = sorted(slow + report.slow, reverse=True)[:slowest]
            hows += report.hows
            if done % 20 == 0:
                print(f"{done} of {len(jobs)} blocks, {sum(findings.values())} findings", flush=True)
    for call in slow:
        print(f"{call.seconds:.3f} s, {call.steps} steps: row {call.number}, {call.call}")
    print(f"{rows:,} rows, seed {seed}:", dict(hows.most_common()))
    print(
        f"{sum(findings.values())} findings",
        *(f"{count} x {what}" for what, count in findings.most_common()),
        sep="\n  ",
    )
    raise typer.Exit(bool(findings))


if __name__ == "__main__":
    typer.run(main)
