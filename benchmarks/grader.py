"""Pairs of answers per second, beside math-verify, each in a fresh process on one core.

python -m benchmarks.grader [--peer PYTHON] [--rounds 5] [--json FILE]

--peer: the Python of a virtual environment with math-verify in it; without one only Numerate is timed.
The pairs are $NUMERATE_DATA/grader/speed_mix.jsonl and 200,000 pairs of plain numbers made here.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.inputs import JsonFile, Rounds, check_peer
from benchmarks.sitting import ROOT, Entry, sit, table

DATA = Path(os.environ.get("NUMERATE_DATA", ROOT.parent / "shared" / "data")) / "grader" / "speed_mix.jsonl"
MINE = "import benchmarks.grader as b; b.mine()"
PEER = f"""
import json, time
from math_verify import parse, verify
pairs = [(r["candidate"], r["reference"]) for r in map(json.loads, open({str(DATA)!r}, encoding="utf-8"))]
began, cpu = time.perf_counter(), time.process_time()
for candidate, reference in pairs:
    verify(parse("$" + reference + "$"), parse("$" + candidate + "$"))
print(json.dumps({{"mix/s": len(pairs) / (time.perf_counter() - began),
                   "mix/cpu s": len(pairs) / (time.process_time() - cpu)}}))
"""


def mine() -> None:
    from numerate.answers import equal

    with DATA.open(encoding="utf-8") as rows:
        mix = [(row["candidate"], row["reference"]) for row in map(json.loads, rows)]
    r = random.Random(0)
    plain = [(str(r.randint(0, 9999)), f"{r.randint(0, 9999)}.0") for _ in range(200_000)]
    figures: dict[str, float] = {}
    for name, pairs in (("mix", mix), ("plain", plain)):
        began, cpu = time.perf_counter(), time.process_time()
        for candidate, reference in pairs:
            equal(candidate, reference)
        figures[f"{name}/s"] = len(pairs) / (time.perf_counter() - began)
        figures[f"{name}/cpu s"] = len(pairs) / (time.process_time() - cpu)
    print(json.dumps(figures))


def main(
    peer: Annotated[
        str, typer.Option(callback=check_peer, help="Python of an environment with math-verify")
    ] = "",
    rounds: Rounds = 5,
    json_file: JsonFile = None,
) -> None:
    """Compare pairs of answers, Numerate and math-verify in turn."""
    if not DATA.is_file():
        raise SystemExit(f"{DATA} is missing: set NUMERATE_DATA")
    entries = [Entry("numerate", [sys.executable, "-c", MINE])]
    if peer:
        entries.append(Entry("math-verify", [peer, "-c", PEER]))
    results = sit(entries, rounds)
    print(table(results, ratio_of=("mix/s",)))
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
