"""One sitting: several programs in turn, round after round, each in a process of its own, and the medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    command: Sequence[str]
    """prints one JSON object of numbers as its last line"""


def call(name: str, function: str, *args: Any, python: str = sys.executable) -> Entry:
    """Returns the entry of a function of this package, such as `update.mine`, in a Python."""
    module, _, attribute = function.rpartition(".")
    values = ", ".join(map(repr, args))
    return Entry(name, [python, "-c", f"import benchmarks.{module} as b; b.{attribute}({values})"])


def sit(entries: Sequence[Entry], rounds: int, threads: int = 1) -> dict[str, dict[str, float]]:
    """Returns the medians of what each entry printed. With one thread wall and processor time agree."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    env = {**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONPATH": path}
    rows: dict[str, list[Mapping[str, float]]] = {entry.name: [] for entry in entries}
    for number in range(rounds):
        for entry in entries:
            print(f"round {number + 1} of {rounds}: {entry.name}", flush=True)
            done = subprocess.run(entry.command, capture_output=True, text=True, env=env, cwd=ROOT)
            if done.returncode:
                raise SystemExit(f"{entry.name} failed:\n{done.stderr[-2000:]}")
            rows[entry.name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {name: medians(printed) for name, printed in rows.items()}


def medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns the median of each number."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def table(results: Mapping[str, Mapping[str, float]], ratio_of: Sequence[str] = ()) -> str:
    """Returns a line per entry, a column per number; of those in `ratio_of` also the first entry's number
    divided by the last one's."""
    columns = list(dict.fromkeys(key for row in results.values() for key in row))
    lines = [["", *columns]]
    lines += [
        [name, *(f"{row[c]:,.4g}" if c in row else "" for c in columns)] for name, row in results.items()
    ]
    first, *others = results.values()
    for name in ratio_of:
        if others and name in others[-1]:
            lines.append([f"ratio of {name}", ratio(first[name], others[-1][name])])
    width = [max(len(line[k]) for line in lines if k < len(line)) for k in range(len(columns) + 1)]
    return "\n".join("  ".join(cell.rjust(width[k]) for k, cell in enumerate(line)) for line in lines)


def ratio(number: float, other: float) -> str:
    """Returns number / other; memory that did not grow is 0, of which there is no ratio."""
    return f"{number / other:,.3g}" if other else "-"


def write(file: Path | None, results: Mapping[str, Any]) -> None:
    """Writes results as JSON where there is a file for them."""
    if file:
        file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
