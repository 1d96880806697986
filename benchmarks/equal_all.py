"""`equal_all` beside a loop over `equal`, by the number of pairs, the first call of a process and later ones.

python -m benchmarks.equal_all [--sizes 100,500,1000,2000,5000,20000] [--rounds 5] [--json FILE]

The pairs are $NUMERATE_DATA/grader/speed_mix.jsonl, over and over. A process of its own makes each
first call, waits, and makes ten more of both in turn.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice

import typer

from benchmarks.grader import DATA
from benchmarks.inputs import JsonFile, Rounds, counts
from benchmarks.sitting import Entry, sit, table

LATER = 10
PAUSE = 0.5
"""seconds between the first call and the others: what a trainer does meanwhile"""


def measure(size: int, first: str) -> None:
    from numerate.answers import equal, equal_all

    def loop(candidates: list[str], references: list[str]) -> list[bool]:
        return [equal(a, b) for a, b in zip(candidates, references, strict=True)]

    def milliseconds(name: str) -> float:
        began = time.perf_counter()
        ways[name](*pairs)
        return 1000 * (time.perf_counter() - began)

    ways: dict[str, Callable[[list[str], list[str]], list[bool]]] = {"loop": loop, "equal_all": equal_all}
    with DATA.open(encoding="utf-8") as file:
        rows = list(islice(cycle(list(map(json.loads, file))), size))
    pairs = [row["candidate"] for row in rows], [row["reference"] for row in rows]
    figures = {f"first, {first}": milliseconds(first)}
    time.sleep(PAUSE)
    later = [{name: milliseconds(name) for name in ways} for _ in range(LATER)]
    print(
        json.dumps(figures | {f"later, {name}": statistics.median(t[name] for t in later) for name in ways})
    )


def main(
    sizes: str = "100,500,1000,2000,5000,20000",
    rounds: Rounds = 5,
    json_file: JsonFile = None,
) -> None:
    """Compare batches of pairs, with and without workers in turn; milliseconds and ratios."""
    if not DATA.is_file():
        raise SystemExit(f"{DATA} is missing: set NUMERATE_DATA")
    results: dict[str, dict[str, float]] = {}
    for size in counts("--sizes", sizes):
        code = f"import benchmarks.equal_all as b; b.measure({size}, {{!r}})"
        names = ("loop", "equal_all")
        times = sit([Entry(name, [sys.executable, "-c", code.format(name)]) for name in names], rounds)
        row = times["loop"] | times["equal_all"]
        for call in ("first", "later"):
            row[f"{call}, ratio"] = row[f"{call}, loop"] / row[f"{call}, equal_all"]
        results[f"{size} pairs"] = row
    print(table(results))
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
