"""Grading with all cores: this process and its workers each take the next rows, and verdicts come in order.

Workers start in the background, once there has been work enough to pay for it, and stay until the process
ends. Until they have started, and where they cannot, all rows are graded here.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from numerate.answers import faults
from numerate.answers.grade_jsonl import grade_lines
from numerate.answers.sources import Fallback, check_options
from numerate.answers.strict import decide_strict
from numerate.answers.text.normalize import plain_number
from numerate.answers.worker_pool import Worker, current_pool
from numerate.types import Kind

BLOCK = 100
"""rows that a worker takes at a time"""
STEP = 8
"""rows that are graded here between two looks at workers that are busy"""
WINDOW = 200
"""blocks that wait for an earlier one"""
FEW = 500
"""pairs that are not plain numbers, fewer than which are compared here: workers would save 10 ms at most"""
MANY = 4_000
"""such pairs, with which a first call starts a worker at its beginning; one with fewer would end before the
worker is ready, and starts it at its end, for later calls"""

Row = dict[str, Any]


def equal_all(
    candidates: Iterable[str],
    references: Iterable[str],
    kind: Kind = "math",
    strict: bool = False,
    workers: int | None = None,
) -> list[bool]:
    """Returns `equal` of every pair, in order. workers: processes with this one, by default one per core.

    Raises ValueError for a single text, for different numbers of candidates and references, and for an
    unknown kind."""
    check_options(kind, "none")
    if isinstance(candidates, str) or isinstance(references, str):
        raise ValueError("give lists of candidates and references; one text is compared by `equal`")
    candidates, references = list(candidates), list(references)
    if len(candidates) != len(references):
        raise ValueError(
            f"{len(candidates)} candidates and {len(references)} references: give as many of each"
        )
    pairs = list(zip(candidates, references, strict=True))
    processes = workers or count_cores()
    if processes == 1 or (hard := count_hard(pairs)) < FEW:
        return compare_pairs(pairs, kind, strict)
    pool = current_pool()
    if hard >= MANY:
        pool.grow(processes - 1, hard)
    verdicts = list(Sharing("compare", pairs, processes, kind, strict).results())
    pool.grow(processes - 1, hard)
    return verdicts


def count_hard(pairs: Sequence[tuple[str, str]]) -> int:
    """Estimates how many are not plain numbers, from some 32 of them."""
    if len(pairs) < FEW:
        return 0
    sample = pairs[:: max(1, len(pairs) // 32)]
    return sum(not all(map(is_plain, pair)) for pair in sample) * len(pairs) // len(sample)


def is_plain(answer: object) -> bool:
    return isinstance(answer, str) and plain_number(answer) is not None


def grade_lines_at_once(
    lines: Iterable[str],
    strict: bool = False,
    workers: int | None = None,
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Generator[Row]:
    """Runs `grade_lines` in several processes: the same verdicts in the same order, few blocks held at a
    time."""
    check_options("math", fallback)
    numbered = numbered_lines(lines)
    return Sharing("grade", numbered, workers or count_cores(), strict, fallback, unfinished).results()


def numbered_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yields numbered lines, each counted as work to share."""
    for number, line in enumerate(lines, start=1):
        current_pool().rows += 1
        yield number, line


def compare_pairs(pairs: Sequence[Sequence[str]], kind: Kind, strict: bool) -> list[bool]:
    return [decide_strict(candidate, reference, kind, strict).equal for candidate, reference in pairs]


def grade_numbered(
    lines: Sequence[tuple[int, str]], strict: bool, fallback: Fallback, unfinished: bool
) -> list[Row]:
    """Returns verdicts on numbered lines."""
    rows = grade_lines((line for _, line in lines), strict, fallback, unfinished)
    return [{**row, "line": lines[row["line"] - 1][0]} if "line" in row else row for row in rows]


TASKS: dict[str, Callable[..., list[Any]]] = {"compare": compare_pairs, "grade": grade_numbered}


def serve_requests() -> None:
    """Runs a worker: reads requests (task, rows, options), a line each, and writes the results; null where it
    failed."""
    try:
        print("true", flush=True)
        for line in sys.stdin:
            print(run_request(*json.loads(line)), flush=True)
    except BrokenPipeError:  # the parent process is gone
        os._exit(0)


def run_request(task: str, rows: Sequence[Any], options: Sequence[Any]) -> str:
    """Returns the results of a request as JSON; null also where the grader met a fault, which the calling
    process has to count."""
    before = faults.count_faults()
    try:
        results = json.dumps(TASKS[task](rows, *options))
    except Exception:
        return "null"
    return results if faults.count_faults() == before else "null"


@dataclass(slots=True, eq=False)
class WorkBlock:
    """Consecutive rows, and their results or the worker that has them."""

    rows: Sequence[Any]
    worker: Worker | None = None
    results: list[Any] | None = None
    position: int = 0
    """rows that this process has graded as well, when no others were left"""
    own_results: list[Any] = field(default_factory=list[Any])


class Sharing:
    """A task on rows, shared between this process and workers.

    This process never waits: when no rows are left it grades those of the oldest block in work, and uses
    what is ready first. So a slow, killed or stopped worker costs nothing, and an error that a row raises is
    raised here as it would be without workers."""

    def __init__(self, task: str, rows: Iterable[Any], processes: int, *options: Any) -> None:
        self.task, self.options, self.most = task, options, processes - 1
        self.rows = iter(rows)
        self.blocks = deque[WorkBlock]()
        self.busy = list[WorkBlock]()

    def results(self) -> Generator[Any]:
        """Yields all results, in the order of the rows."""
        try:
            while self.advance():
                while self.blocks and (results := self.blocks[0].results) is not None:
                    self.blocks.popleft()
                    yield from results
        finally:
            for block in list(self.busy):
                self.release(block)

    def advance(self) -> bool:
        """Sends blocks to the workers, grades a few rows, and collects. False when nothing is left."""
        self.hand_out()
        step = STEP if self.busy else BLOCK
        if len(self.blocks) < WINDOW and (own := list(islice(self.rows, step))):
            self.blocks.append(WorkBlock(own, results=self.run_task(own)))
        elif self.blocks:
            self.redo(self.blocks[0])
        else:
            return False
        for block in list(self.busy):
            if block.worker and block.worker.has_answered():
                self.collect(block, block.worker)
        return True

    def hand_out(self) -> None:
        while len(self.busy) < self.most and (worker := current_pool().take(self.most)):
            block = WorkBlock(list(islice(self.rows, BLOCK)), worker)
            if not block.rows:
                return current_pool().put_back(worker)
            self.blocks.append(block)
            if self.is_sent(block, worker):
                self.busy.append(block)
            else:
                block.results = self.run_task(block.rows)

    def is_sent(self, block: WorkBlock, worker: Worker) -> bool:
        """Checks whether the block was sent: not where its rows are no JSON or the process is gone."""
        try:
            worker.send(self.task, block.rows, self.options)
        except TypeError:
            current_pool().put_back(worker)
            return False
        except BaseException as error:  # gone, or interrupted in the middle
            current_pool().drop(worker)
            if isinstance(error, OSError | ValueError):
                return False
            raise
        return True

    def redo(self, block: WorkBlock) -> None:
        """Grades the next rows of a block that a worker has."""
        end = block.position + STEP
        block.own_results += self.run_task(block.rows[block.position : end])
        block.position = end
        if end >= len(block.rows):
            block.results = block.own_results
            self.release(block)

    def collect(self, block: WorkBlock, worker: Worker) -> None:
        try:
            block.results = worker.receive()
        except (OSError, ValueError):
            current_pool().drop(worker)
        else:
            current_pool().put_back(worker)
        self.busy.remove(block)
        block.worker = None
        while block.results is None:
            self.redo(block)

    def release(self, block: WorkBlock) -> None:
        """Returns a worker to the pool before its answer."""
        if block.worker:
            self.busy.remove(block)
            current_pool().put_back(block.worker, owes=True)
            block.worker = None

    def run_task(self, rows: Sequence[Any]) -> list[Any]:
        return TASKS[self.task](rows, *self.options)


def count_cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
