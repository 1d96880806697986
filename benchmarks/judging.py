"""Memory, rate and resuming of `numerate judge` on files of many solutions, one thread.

python -m benchmarks.judging JUDGE [--sizes 10000,100000] [--kill 10000] [--steps 6] [--json FILE]

A file holds four solutions of each story of at most `--steps` steps: its own solution, one with a slip, and
both without their last step; where the stories are used up they come again under other ids. Each size is a
process of its own. Another one, of the size `--kill`, is killed (SIGKILL) when half of its rows are written,
and started again; the file must then be the same, byte for byte.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.inputs import JsonFile, counts
from benchmarks.sitting import ROOT, table
from numerate.problems.stories import Knobs, generate
from numerate.types import Problem

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
RATE = re.compile(r"([\d,.]+) solutions/s")
STORIES = 2500
POLL = 0.2
"""seconds between two looks at a file that grows"""


def solutions(problem: Problem) -> list[str]:
    whole = problem.solution
    slip = re.sub(r"\d(?=>>)", lambda digit: str((int(digit[0]) + 1) % 10), whole, count=1)
    return [text for each in (whole, slip) for text in (each, "\n".join(each.splitlines()[:-2]) or each)]


def write_file(path: Path, size: int, steps: int) -> None:
    stories = generate("train", 0, STORIES, knobs=Knobs(steps=(1, steps)))
    solved = ((problem.question, text) for problem in cycle(stories) for text in solutions(problem))
    with path.open("w", encoding="utf-8") as lines:
        for number, (question, text) in enumerate(islice(solved, size)):
            lines.write(json.dumps({"id": number, "question": question, "solution": text}) + "\n")


def judged(judge: Path, file: Path, out: Path, stop: Callable[[], bool] | None = None) -> dict[str, float]:
    """Runs the command, to its end or until `stop`. ru_maxrss is the peak of this one process."""
    env = {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "numerate", "judge", str(judge.resolve()), str(file), "-o", str(out)]
    with (file.parent / "messages").open("w+", encoding="utf-8") as messages:
        began = time.perf_counter()
        process = subprocess.Popen(command, stderr=messages, env=env)
        while stop and not stop() and process.poll() is None:
            time.sleep(POLL)
        if stop:
            process.send_signal(signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        messages.seek(0)
        text = messages.read()
    if process.returncode not in ((-signal.SIGKILL,) if stop else (0,)):
        raise SystemExit(f"numerate judge ended with {process.returncode}:\n{text[-2000:]}")
    rate = RATE.findall(text)
    return {
        "peak MB": usage.ru_maxrss / 1024,
        "cpu s": usage.ru_utime + usage.ru_stime,
        "wall s": time.perf_counter() - began,
        **({"reported/s": float(rate[-1].replace(",", ""))} if rate else {}),
    }


def rows(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def main(
    judge: Path,
    sizes: str = "10000,100000",
    kill: Annotated[int, typer.Option(min=2)] = 10_000,
    steps: Annotated[int, typer.Option(min=1)] = 6,
    json_file: JsonFile = None,
) -> None:
    """Score files of each size; kill one run and resume it."""
    if not judge.is_dir():
        raise typer.BadParameter(f"no folder {judge}: name the directory of a judge")
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for size in sorted({kill, *counts("--sizes", sizes)}):
            write_file(folder / f"{size}.jsonl", size, steps)
            results[f"{size:,}"] = judged(judge, folder / f"{size}.jsonl", folder / f"{size}.out")
            print(table(results), flush=True)
        file, whole, cut = (folder / f"{kill}.{end}" for end in ("jsonl", "out", "cut"))
        results[f"{kill:,}, killed"] = judged(judge, file, cut, stop=lambda: rows(cut) >= kill // 2)
        written = rows(cut)
        results["resumed"] = judged(judge, file, cut)
        same = cut.read_bytes() == whole.read_bytes()
        print(f"\n{table(results)}\n\nkilled at {written:,} of {kill:,} rows; the same file: {same}")
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
