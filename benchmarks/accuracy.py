"""Accuracy on labelled answers and solutions, beside math-verify with the settings of its README.

python -m benchmarks.accuracy FILE ... [--peer PYTHON] [--part worked|held-out] [--show] [--json FILE]

A row: {"id"?, "solution" or "candidate", "reference", "kind"?, "choices"?, "equal"}. A candidate whose
"category" is "response" is a solution. A row may name its part; else `held-out` is the third of
the rows whose sha256(id) % 3 is 0.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from benchmarks.inputs import JsonFile, callers_mistakes, check_peer
from benchmarks.sitting import ROOT, table
from numerate.answers import grade_lines

PEER = "import benchmarks.math_verify_side as b; b.print_verdicts()"

Row = dict[str, Any]
Part = Literal["all", "worked", "held-out"]


def labelled_rows(file: Path, part: Part) -> list[Row]:
    """The rows of a part, each with an id and, where it is one, as a solution."""
    rows: list[Row] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        row = {"id": f"{file.stem}:{number}", **json.loads(line)}
        if row.get("category") == "response" and "candidate" in row:
            row["solution"] = row.pop("candidate")
        if part in ("all", part_of(row)):
            rows.append(row)
    return rows


def part_of(row: Row) -> str:
    """The part that a row names, or that its id falls into."""
    held_out = int(sha256(str(row["id"]).encode()).hexdigest(), 16) % 3 == 0
    return row.get("part") or ("held-out" if held_out else "worked")


def own_verdicts(rows: Sequence[Row]) -> list[bool | None]:
    """Those of `numerate grade`; None where a row fails."""
    return [own_verdict(row) for row in rows]


def own_verdict(row: Row) -> bool | None:
    try:
        return next(grade_lines([json.dumps(row)])).get("correct")
    except Exception as error:
        print(f"{row['id']}: {type(error).__name__}: {error}")
        return None


def peer_verdicts(python: str, rows: Sequence[Row]) -> list[bool | None]:
    done = subprocess.run(
        [python, "-c", PEER],
        input="".join(json.dumps(row) + "\n" for row in rows),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    verdicts = list(map(json.loads, done.stdout.splitlines()))
    if done.returncode or len(verdicts) != len(rows):
        raise SystemExit(f"{python} graded {len(verdicts)} of {len(rows)} rows")
    return verdicts


def count_faults(rows: Sequence[Row], verdicts: Sequence[bool | None]) -> dict[str, float]:
    pairs = [(bool(row["equal"]), verdict) for row, verdict in zip(rows, verdicts, strict=True)]
    return {
        "rows": len(pairs),
        "accuracy": sum(equal is verdict for equal, verdict in pairs) / max(1, len(pairs)),
        "false accepts": sum(bool(verdict) and not equal for equal, verdict in pairs),
        "false rejects": sum(equal and not verdict for equal, verdict in pairs),
        "failed": sum(verdict is None for _, verdict in pairs),
    }


def print_faults(name: str, rows: Sequence[Row], verdicts: Sequence[bool | None]) -> None:
    """Lists the rows on which verdict and label differ."""
    for row, verdict in zip(rows, verdicts, strict=True):
        if bool(row["equal"]) is not verdict:
            fault = "failed" if verdict is None else "false accept" if verdict else "false reject"
            text = row.get("solution", row.get("candidate"))
            print(f"{name}: {fault} {row['id']}: reference {row['reference']!r}, text {text!r:.400}")


def main(
    files: list[Path],
    peer: Annotated[
        str, typer.Option(callback=check_peer, help="Python of an environment with math-verify")
    ] = "",
    part: Part = "all",
    show_rows: Annotated[bool, typer.Option("--show", help="List the wrong verdicts.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Count wrong verdicts, file by file."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for file in files:
        with callers_mistakes():
            rows = labelled_rows(file, part)
        graders = {"numerate": own_verdicts(rows)}
        if peer:
            graders["math-verify"] = peer_verdicts(peer, rows)
        results[file.name] = {name: count_faults(rows, verdicts) for name, verdicts in graders.items()}
        for name, verdicts in graders.items() if show_rows else ():
            print_faults(name, rows, verdicts)
        print(f"\n{file.name}\n{table(results[file.name])}", flush=True)
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
