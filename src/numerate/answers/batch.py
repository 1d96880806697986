"""Grading with all cores: blocks of rows go to worker processes as JSON lines and come back in order.

A worker is a fresh interpreter with nothing but the grader in it (`serve`). So this works the same on every
platform, in scripts without a main guard, from threads, and in forked or daemonic processes such as a data
loader's. The workers live as long as the iteration.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

from numerate.answers.normal import plain_number
from numerate.answers.stream import grade_lines
from numerate.answers.strict import judge
from numerate.types import Kind

BLOCK = 500
"""rows that travel together"""
FEW = 4_000
"""pairs, fewer than which are compared here: to start the workers would take longer"""

Row = dict[str, Any]


def equal_all(
    candidates: Sequence[str],
    references: Sequence[str],
    kind: Kind = "math",
    strict: bool = False,
    workers: int | None = None,
) -> list[bool]:
    """`equal` of every pair, in order. workers: processes, by default one per core.

    Raises ValueError for sequences of different lengths."""
    if len(candidates) != len(references):
        raise ValueError(
            f"{len(candidates)} candidates and {len(references)} references: give as many of each"
        )
    pairs = list(zip(candidates, references, strict=True))
    hard = [i for i, pair in enumerate(pairs) if None in map(plain_number, pair)]
    if len(hard) < FEW or (workers or cores()) == 1:
        return [judge(*pair, kind, strict).equal for pair in pairs]
    rows = ({"candidate": pairs[i][0], "reference": pairs[i][1], "kind": kind} for i in hard)
    verdicts = dict(zip(hard, grade_lines_at_once(map(json.dumps, rows), strict, workers), strict=True))
    return [
        verdicts[i]["correct"] if i in verdicts else judge(*pair, kind, strict).equal
        for i, pair in enumerate(pairs)
    ]


def grade_lines_at_once(
    lines: Iterable[str], strict: bool = False, workers: int | None = None
) -> Generator[Row]:
    """`grade_lines` in several processes: the same verdicts in the same order, few blocks held at a time."""
    many = workers or cores()
    idle: SimpleQueue[Worker] = SimpleQueue()
    for _ in range(many):
        idle.put(Worker(strict))
    waiting: deque[Future[list[Row]]] = deque()
    with ThreadPoolExecutor(many) as threads:
        try:
            for start, block in blocks(lines):
                waiting.append(threads.submit(graded, idle, block, start, strict))
                if len(waiting) > 2 * many:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            for _ in range(many):
                idle.get().close()


def blocks(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """(number of the line before it, lines) of every block."""
    source, start = iter(lines), 0
    while block := list(islice(source, BLOCK)):
        yield start, block
        start += len(block)


def graded(idle: SimpleQueue[Worker], block: list[str], start: int, strict: bool) -> list[Row]:
    """The verdicts of a block. Should its worker have been killed, they are found here."""
    worker = idle.get()
    try:
        rows = worker.ask(block)
    except (OSError, ValueError):
        worker.close()
        worker = Worker(strict)
        rows = list(grade_lines(block, strict))
    finally:
        idle.put(worker)
    return [{**row, "line": row["line"] + start} if "error" in row else row for row in rows]


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Worker:
    """A process that grades blocks, started with the first one."""

    def __init__(self, strict: bool):
        self.strict = strict
        self.process: subprocess.Popen[str] | None = None

    def ask(self, block: list[str]) -> list[Row]:
        """Raises OSError or ValueError where the process is gone."""
        self.process = self.process or self.start()
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(block) + "\n")
        stdin.flush()
        return cast(list[Row], json.loads(stdout.readline()))

    def start(self) -> subprocess.Popen[str]:
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(
            [sys.executable, "-c", f"from numerate.answers.batch import serve; serve({self.strict})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
            env={**os.environ, "PYTHONPATH": path},
        )

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


def serve(strict: bool) -> None:
    """One block per line in, its verdicts in one line out, until the input ends."""
    for line in sys.stdin:
        print(json.dumps(list(grade_lines(json.loads(line), strict))), flush=True)
