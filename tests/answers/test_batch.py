"""Grading in several processes gives what grading in one does, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from numerate.answers import equal, faults, grade_lines, parallel, worker_pool

SOME = [("1/2", "0.5"), ("x+1", "1+x"), ("x+1", "x+2"), ("3/4", "0.7")] * 30
RIGHT = [True, True, False, False] * 30


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers from the first rows on, in small blocks, and none of an earlier test."""
    monkeypatch.setattr(parallel, "FEW", 10)
    monkeypatch.setattr(parallel, "BLOCK", 7)
    monkeypatch.setattr(parallel, "STEP", 2)
    monkeypatch.setattr(worker_pool, "ENOUGH", 0)
    worker_pool.current_pool().close()
    worker_pool.current_pool().usable = True
    yield
    worker_pool.current_pool().close()
    worker_pool.current_pool().usable = True


@pytest.fixture
def senders(monkeypatch: pytest.MonkeyPatch) -> list[worker_pool.Worker]:
    """The worker of every block that is senders to one."""
    seen: list[worker_pool.Worker] = []
    send = worker_pool.Worker.send

    def record(self: worker_pool.Worker, *request: Any) -> None:
        seen.append(self)
        send(self, *request)

    monkeypatch.setattr(worker_pool.Worker, "send", record)
    return seen


def wait_for_workers(count: int = 1) -> list[worker_pool.Worker]:
    """So many, when they have started."""
    pool = worker_pool.current_pool()
    ready: list[worker_pool.Worker] = []
    for _ in range(3000):
        if worker := pool.take(count):
            ready.append(worker)
        if len(ready) == count:
            break
        time.sleep(0.01)
    for worker in ready:
        pool.put_back(worker)
    assert len(ready) == count
    return ready


def compare(pairs: list[tuple[str, str]] = SOME, processes: int = 2, strict: bool = False) -> list[bool]:
    return parallel.equal_all([a for a, _ in pairs], [b for _, b in pairs], strict=strict, workers=processes)


def is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return state.strip()[:1] not in ("", "Z")


def is_gone(pid: int) -> bool:
    """Given the time that a process takes to see that its input has ended."""
    for _ in range(500):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


def real_pairs(data_dir: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, (data_dir / "grader" / "pairs.jsonl").read_text(encoding="utf-8").splitlines())
    return [(row["candidate"], row["reference"]) for row in rows]


@pytest.mark.usefixtures("eager")
def test_all_pairs_in_order(data_dir: Path, senders: list[worker_pool.Worker]) -> None:
    some = [*real_pairs(data_dir)[:1200], ("5", "5.0"), ("\ud800", "\ud800")]
    for strict in (False, True):
        expected = [equal(*pair, strict=strict) for pair in some]
        wait_for_workers(2)
        senders.clear()
        assert compare(some, 3, strict) == expected
        assert len(set(senders)) == 2


@pytest.mark.usefixtures("eager")
def test_bad_rows_keep_their_line_numbers(senders: list[worker_pool.Worker]) -> None:
    lines = [json.dumps({"id": i, "reference": "5", "candidate": str(i)}) for i in range(60)]
    lines[7], lines[11], lines[13], lines[55] = "not json", "", "[]", "{"
    wait_for_workers(2)
    rows = list(parallel.grade_lines_at_once(lines, workers=3))
    assert rows == list(grade_lines(lines)) and senders
    assert [row["line"] for row in rows if "error" in row] == [8, 14, 56]


@pytest.mark.usefixtures("eager")
def test_workers_stay_between_calls_of_either_kind(senders: list[worker_pool.Worker]) -> None:
    first = wait_for_workers()[0]
    for _ in range(2):
        assert compare() == RIGHT
        wait_for_workers()
    lines = [json.dumps({"reference": b, "candidate": a}) for a, b in SOME]
    assert [row["correct"] for row in parallel.grade_lines_at_once(lines, workers=2)] == RIGHT
    assert len(senders) >= 3 and set(senders) == worker_pool.current_pool().alive == {first}


@pytest.mark.usefixtures("eager")
def test_strictness_goes_with_the_block(senders: list[worker_pool.Worker]) -> None:
    lines = [json.dumps({"reference": "5 cm", "candidate": "5"})] * 40
    for strict in (True, False, True):
        wait_for_workers()
        rows = parallel.grade_lines_at_once(lines, strict, workers=2)
        assert {row["correct"] for row in rows} == {not strict}
        wait_for_workers()
        assert set(compare([("5 cm", "5")] * 40, strict=strict)) == {not strict}
    assert len(senders) >= 6


@pytest.mark.usefixtures("eager")
def test_a_killed_worker_costs_nothing_and_is_replaced(senders: list[worker_pool.Worker]) -> None:
    lines = [json.dumps({"id": i, "reference": "7", "candidate": str(i % 9)}) for i in range(60)]
    first = wait_for_workers()[0]
    stream = parallel.grade_lines_at_once(iter(lines), workers=2)
    rows = [next(stream)]
    os.kill(first.process.pid, signal.SIGKILL)
    assert [*rows, *stream] == list(grade_lines(lines)) and is_gone(first.process.pid)
    second = wait_for_workers()[0]
    assert second is not first
    os.kill(second.process.pid, signal.SIGKILL)  # while it is idle
    assert compare() == RIGHT and is_gone(second.process.pid)
    assert wait_for_workers()[0] not in (first, second)


@pytest.mark.usefixtures("eager")
def test_a_stopped_worker_stops_nothing(senders: list[worker_pool.Worker]) -> None:
    worker = wait_for_workers()[0]
    os.kill(worker.process.pid, signal.SIGSTOP)
    assert compare() == compare() == RIGHT and senders == [worker]
    os.kill(worker.process.pid, signal.SIGCONT)
    assert wait_for_workers() == [worker]
    assert compare([("3", "1+1+1"), ("3", "1+1")] * 30) == [True, False] * 30 and set(senders[1:]) == {worker}


@pytest.mark.usefixtures("eager")
def test_an_error_in_a_worker_is_raised_here_and_hangs_nothing(senders: list[worker_pool.Worker]) -> None:
    wait_for_workers()
    bad = [*SOME[:3], ("1",), *SOME]
    for _ in range(2):
        with pytest.raises(ValueError, match="not enough values"):
            list(parallel.Sharing("compare", bad, 2, "math", False).results())
    worker = wait_for_workers()[0]
    worker.send("compare", bad, ("math", False))
    assert worker.receive() is None
    assert compare() == RIGHT and set(senders) == {worker}


@pytest.mark.usefixtures("eager")
def test_what_is_no_text_gives_what_it_gives_in_a_loop() -> None:
    for answer in (None, 5, 0.5, Fraction(1, 2), b"5", ["5"]):
        wait_for_workers()
        pairs: Any = [*SOME[:3], (answer, "1/2"), *SOME]
        try:
            expected = [equal(*pair) for pair in pairs]
        except ValueError as error:
            with pytest.raises(ValueError, match=re.escape(str(error))):
                compare(pairs)
        else:
            assert compare(pairs) == expected


@pytest.mark.usefixtures("eager")
def test_a_fault_of_the_grader_in_a_worker_is_found_again_here(monkeypatch: pytest.MonkeyPatch) -> None:
    before = faults.count_faults()
    monkeypatch.setattr(
        parallel, "TASKS", {"compare": lambda *_: faults.note_fault(ZeroDivisionError(), "x") or [True]}
    )
    assert parallel.run_request("compare", [], []) == "null" and faults.count_faults() == before + 1


@pytest.mark.usefixtures("eager")
def test_where_no_process_can_start_rows_are_graded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("/no/such/python", "/bin/true"):
        monkeypatch.setattr(sys, "executable", program)
        for _ in range(3000):
            assert compare() == RIGHT
            if not worker_pool.current_pool().usable:
                break
        assert not worker_pool.current_pool().alive and not worker_pool.current_pool().usable
        worker_pool.current_pool().usable = True


@pytest.mark.usefixtures("eager")
def test_a_stream_left_early_leaves_its_workers_free_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "BLOCK", 3_000)
    both = wait_for_workers(2)
    endless = iter(lambda: json.dumps({"reference": "7", "candidate": "7"}), None)
    stream = parallel.grade_lines_at_once(endless, workers=3)
    for _ in range(3_000 + 1):  # the first block is done: here or there
        assert next(stream)["correct"]
    stream.close()
    assert set(wait_for_workers(2)) == set(both) == set(worker_pool.current_pool().idle)
    assert compare(processes=3) == RIGHT


def test_few_rows_and_plain_numbers_and_one_core_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "Worker", None)  # not to be called
    monkeypatch.setattr(worker_pool, "ENOUGH", 0)
    assert compare(SOME) == RIGHT
    assert compare([("5", "5.0"), ("6", "7")] * 3000) == [True, False] * 3000
    assert compare(SOME * 20, processes=1) == RIGHT * 20


@pytest.mark.usefixtures("eager")
def test_a_forked_process_leaves_its_parents_workers_alone(senders: list[worker_pool.Worker]) -> None:
    mine = wait_for_workers()[0]
    stream = parallel.grade_lines_at_once([json.dumps({"reference": "7", "candidate": "7"})] * 90, workers=2)
    next(stream)
    assert senders == [mine]  # it is at work
    pid = os.fork()
    if pid == 0:
        try:
            own = wait_for_workers()[0]
            fine = own is not mine and compare() == RIGHT and mine.input.closed
            rows = sum(row["correct"] for row in stream)
            own.close()
            os._exit(0 if fine and rows == 89 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert sum(row["correct"] for row in stream) == 89
    assert compare() == RIGHT and set(senders) == worker_pool.current_pool().alive == {mine}


def check_in_child() -> None:
    worker_pool.ENOUGH, parallel.FEW, parallel.BLOCK = 0, 10, 7
    wait_for_workers()
    assert compare() == RIGHT
    pids = [worker.process.pid for worker in worker_pool.current_pool().alive]
    print(*pids, file=sys.stderr, flush=True)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.usefixtures("eager")
def test_it_works_in_daemonic_processes(method: str, capfd: pytest.CaptureFixture[str]) -> None:
    child = multiprocessing.get_context(method).Process(target=check_in_child, daemon=True)  # pyright: ignore
    child.start()
    child.join(60)
    pids = [int(pid) for pid in capfd.readouterr().err.split()]
    assert child.exitcode == 0 and pids and all(map(is_gone, pids))


@pytest.mark.usefixtures("eager")
def test_it_works_from_several_threads_at_once(senders: list[worker_pool.Worker]) -> None:
    wait_for_workers(2)
    verdicts: dict[int, list[bool]] = {}

    def work(number: int) -> None:
        mine = [
            (f"{number}/{i}", f"{number * i}/{i * i}" if i % 3 else f"{i}/{number + i}") for i in range(1, 90)
        ]
        for _ in range(5):
            verdicts[number] = compare(mine, 3)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert verdicts == {n: [bool(i % 3) for i in range(1, 90)] for n in range(1, 7)}
    assert len(worker_pool.current_pool().alive) == 2 and len(set(senders)) == 2


SCRIPT = """
import os, signal, sys, time
from numerate.answers import parallel, worker_pool
worker_pool.ENOUGH = 0
for _ in range(2):  # no main guard
    assert all(parallel.equal_all(["1/2", "x+1"] * 300, ["2/4", "1+x"] * 300, workers=3))
pool = worker_pool.current_pool()
while not pool.idle or not all(worker.is_free() for worker in pool.idle):
    time.sleep(0.01)
assert all(parallel.equal_all(["1/2", "x+1"] * 300, ["2/4", "1+x"] * 300, workers=3))
print(*(worker.process.pid for worker in pool.alive), flush=True)
"""


@pytest.mark.parametrize(
    "end",
    ["", "sys.exit(3)", "1/0", "os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)", "pool.take(2)"],
)
def test_no_process_is_left_when_a_script_ends(end: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + end)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2 and all(map(is_gone, pids))
    assert "Traceback" not in done.stderr or end == "1/0"


def test_sequences_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 candidates and 1 references"):
        parallel.equal_all(["1", "2"], ["1"])


def test_it_works_from_async_code() -> None:
    """On the loop itself and in its threads, many at once: no signals, no clocks, no state."""

    async def check(number: int) -> bool:
        direct = equal(f"\\frac{{{number}}}{{2}}", str(number / 2))
        return direct and await asyncio.to_thread(equal, f"{number}(x+1)", f"{number}x+{number}")

    async def check_many() -> list[bool]:
        return await asyncio.gather(*(check(number) for number in range(2, 60)))

    assert all(asyncio.run(check_many()))
