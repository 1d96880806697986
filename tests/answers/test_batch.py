"""Grading in several processes gives what grading in one does."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from numerate.answers import batch, equal, grade_lines


def pairs(data_dir: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, (data_dir / "grader" / "pairs.jsonl").read_text(encoding="utf-8").splitlines())
    return [(row["candidate"], row["reference"]) for row in rows]


def test_all_pairs_in_order(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "FEW", 10)
    some = [*pairs(data_dir)[:1200], ("5", "5.0"), ("\ud800", "\ud800")]
    for strict in (False, True):
        wanted = [equal(*pair, strict=strict) for pair in some]
        found = batch.equal_all([a for a, _ in some], [b for _, b in some], strict=strict, workers=2)
        assert found == wanted


def test_bad_rows_keep_their_line_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BLOCK", 3)
    lines = [json.dumps({"id": i, "reference": "5", "candidate": str(i)}) for i in range(20)]
    lines[7], lines[11], lines[13] = "not json", "", "[]"
    found = list(batch.grade_lines_at_once(lines, workers=3))
    assert found == list(grade_lines(lines))
    assert [row["line"] for row in found if "error" in row] == [8, 14]


def test_a_killed_worker_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BLOCK", 2)
    started: list[int] = []
    start = batch.Worker.start

    def noted(self: batch.Worker):
        process = start(self)
        started.append(process.pid)
        return process

    monkeypatch.setattr(batch.Worker, "start", noted)
    lines = [json.dumps({"id": i, "reference": "7", "candidate": str(i % 9)}) for i in range(60)]
    stream = batch.grade_lines_at_once(iter(lines), workers=1)
    found = [next(stream)]
    os.kill(started[0], signal.SIGKILL)
    assert [*found, *stream] == list(grade_lines(lines))
    assert len(started) == 2


def test_a_stream_left_early_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    workers: list[batch.Worker] = []
    init = batch.Worker.__init__

    def noted(self: batch.Worker, strict: bool) -> None:
        init(self, strict)
        workers.append(self)

    monkeypatch.setattr(batch.Worker, "__init__", noted)
    endless = iter(lambda: json.dumps({"reference": "7", "candidate": "7"}), None)
    stream = batch.grade_lines_at_once(endless, workers=2)
    assert next(stream)["correct"]
    stream.close()
    assert [w.process is None or w.process.poll() is not None for w in workers] == [True, True]


def compare(pipe: object = None) -> None:
    some = [("1/2", "0.5"), ("x+1", "1+x")] * 30
    found = batch.equal_all([a for a, _ in some], [b for _, b in some], workers=2)
    assert found == [True] * 60


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_it_works_in_daemonic_processes(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "FEW", 10)
    child = multiprocessing.get_context(method).Process(target=compare, daemon=True)  # pyright: ignore
    child.start()
    child.join(60)
    assert child.exitcode == 0


def test_it_works_from_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "FEW", 10)
    failed: list[BaseException] = []

    def one() -> None:
        try:
            compare()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed


def test_sequences_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 candidates and 1 references"):
        batch.equal_all(["1", "2"], ["1"])


def test_it_works_from_async_code() -> None:
    """On the loop itself and in its threads, many at once: no signals, no clocks, no state."""

    async def one(number: int) -> bool:
        direct = equal(f"\\frac{{{number}}}{{2}}", str(number / 2))
        return direct and await asyncio.to_thread(equal, f"{number}(x+1)", f"{number}x+{number}")

    async def many() -> list[bool]:
        return await asyncio.gather(*(one(number) for number in range(2, 60)))

    assert all(asyncio.run(many()))
