"""One sitting: several programs in turn, round after round, each in a process of its own, and the medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    command: Sequence[str]
    """prints one JSON object of numbers as its last line"""


def sit(entries: Sequence[Entry], rounds: int) -> dict[str, dict[str, float]]:
    """Medians of what each entry printed. One thread each, so that wall and processor time agree."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    said: dict[str, list[Mapping[str, float]]] = {entry.name: [] for entry in entries}
    for number in range(rounds):
        for entry in entries:
            print(f"round {number + 1} of {rounds}: {entry.name}", flush=True)
            done = subprocess.run(
                entry.command,
                capture_output=True,
                text=True,
                env={**os.environ, **threads, "PYTHONPATH": path},
                cwd=ROOT,
            )
            if done.returncode:
                raise SystemExit(f"{entry.name} failed:\n{done.stderr[-2000:]}")
            said[entry.name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {name: medians(rows) for name, rows in said.items()}


def medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def table(results: Mapping[str, Mapping[str, float]], ratio_of: Sequence[str] = ()) -> str:
    """A line per entry, a column per number; of those in `ratio_of` also how many times the last entry's."""
    columns = list(dict.fromkeys(key for row in results.values() for key in row))
    lines = [["", *columns]]
    lines += [
        [name, *(f"{row[c]:,.4g}" if c in row else "" for c in columns)] for name, row in results.items()
    ]
    first, *others = results.values()
    for name in ratio_of:
        if others and name in others[-1]:
            lines.append([f"ratio of {name}", f"{first[name] / others[-1][name]:,.1f}"])
    width = [max(len(line[k]) for line in lines if k < len(line)) for k in range(len(columns) + 1)]
    return "\n".join("  ".join(cell.rjust(width[k]) for k, cell in enumerate(line)) for line in lines)
