"""Programs and cells per second of the local interpreter, warm and without its cache.

python -m benchmarks.interpreter [--programs 2000] [--sessions 200] [--rounds 5] [--json FILE]

Every program prints a sum of its own, every cell adds to a variable and shows it. Sessions begin before the
clock; their cells are submitted all at once, as episodes in flight do.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import typer

from benchmarks.inputs import JsonFile, Rounds
from numerate.cli.table import save_json
from numerate.interpreter import Interpreter, InterpreterOptions
from numerate.interpreter.jobs import LocalSession

CELLS = 20
"""of each session, in a round"""


def rate(work: Callable[[], int]) -> float:
    """Returns the executions per second."""
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)


def run_programs(python: Interpreter, count: int) -> int:
    futures = [python.submit(f"print({number} + 1)") for number in range(count)]
    assert [future.result().stdout for future in futures] == [f"{number + 1}\n" for number in range(count)]
    return count


def run_cells(sessions: list[LocalSession]) -> int:
    futures = [session.submit("x += 1\nx") for _ in range(CELLS) for session in sessions]
    assert all(future.result().status == "ok" for future in futures)
    return len(futures)


def open_sessions(python: Interpreter, count: int) -> list[LocalSession]:
    sessions = [python.session() for _ in range(count)]
    for future in [session.submit("x = 0") for session in sessions]:
        assert future.result().status == "ok"
    return sessions


def main(programs: int = 2000, sessions: int = 200, rounds: Rounds = 5, json_file: JsonFile = None) -> None:
    began = time.perf_counter()
    with Interpreter(InterpreterOptions(cache=0)) as python:
        start = time.perf_counter() - began
        run_programs(python, 200)
        figures = {
            "start, s": [start],
            "programs/s": [rate(lambda: run_programs(python, programs)) for _ in range(rounds)],
        }
        figures["sessions/s"] = [rate(lambda: len(open_sessions(python, sessions)))]
        opened = open_sessions(python, sessions)
        figures["cells/s"] = [rate(lambda: run_cells(opened)) for _ in range(rounds)]
        print(python.isolation.line())
    for name, values in figures.items():
        print(f"{name:12} best {max(values):8.1f}   all {', '.join(f'{value:.1f}' for value in values)}")
    save_json(json_file, [{"measure": name, "values": values} for name, values in figures.items()])


if __name__ == "__main__":
    typer.run(main)
