"""Final answers found per second in texts of about 1,000 characters, beside math-verify, on one core.

python -m benchmarks.extraction [--peer PYTHON] [--rounds 5] [--json FILE]

The solutions are cut or joined from $NUMERATE_DATA/samples/: GSM8K's for numbers, MATH's for mathematics.
math-verify, in the environment of --peer, parses every fiftieth.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

import typer

from benchmarks.inputs import JsonFile, Rounds, check_peer
from benchmarks.real_solutions import load_solutions
from benchmarks.sitting import Entry, sit, table
from numerate.types import Kind

MINE = "import benchmarks.extraction as b; b.time_extraction()"
PEER = "import benchmarks.math_verify_side as b; b.time_extraction(50)"


def time_extraction() -> None:
    from numerate.answers import find

    rows = load_solutions()
    figures: dict[str, float] = {}
    kinds: dict[str, list[tuple[Kind, str]]] = {
        "solutions": [("number" if kind == "number" else "math", text) for kind, text in rows],
        "numbers": [("number", text) for kind, text in rows if kind == "number"],
        "math": [("math", text) for kind, text in rows if kind == "math"],
    }
    for name, texts in kinds.items():
        began, cpu = time.perf_counter(), time.process_time()
        for kind, text in texts:
            find(text, kind)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        figures |= {f"{name}/s": len(texts) / wall, f"{name}/cpu s": len(texts) / cpu}
    print(json.dumps(figures))


def main(
    peer: Annotated[
        str, typer.Option(callback=check_peer, help="Python of an environment with math-verify")
    ] = "",
    rounds: Rounds = 5,
    json_file: JsonFile = None,
) -> None:
    """Find final answers, Numerate and math-verify in turn."""
    entries = [Entry("numerate", [sys.executable, "-c", MINE])]
    if peer:
        entries.append(Entry("math-verify", [peer, "-c", PEER]))
    results = sit(entries, rounds)
    print(table(results, ratio_of=("solutions/s", "solutions/cpu s")))
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
