"""Runner of labelled programs and sessions: plants canaries, runs them, and lists what ended otherwise.

`python -m tests.interpreter.programs FOLDER FILE...` prints the list as JSON; the tests run it under an
ordinary user."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from numerate.interpreter import Execution, Interpreter, InterpreterOptions, Limits

Program = dict[str, Any]
PORT = "18765"
"""written in the programs; the canary listens at a free one, which replaces it"""
PATIENT, STRICT = Limits(timeout=15, cpu=15), Limits(timeout=3, grace=0.3)
STATEFUL = Limits(timeout=6)
"""for programs that end, for those that have to be ended, and for sessions"""
ENDS = {
    "ok": {"ok"},
    "error": {"error", "crash", "killed", "disk"},
    "timeout": {"timeout"},
    "memory": {"memory"},
    "output-truncated": {"output"},
    "disk": {"disk"},
    "no-fork-bomb": {"error", "ok", "timeout"},
    "denied-network": {"error"},
    "denied-read": {"error"},
    "denied-write": {"error"},
}


def read_lines(path: Path) -> list[Program]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def canaries(folder: Path) -> Iterator[str]:
    """Plants all that a program must not reach. Yields the port where something listens."""
    for name in ("sbx-home/.ssh", "sbx-home/sub", "sbx-canary-import"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("sbx-home/.ssh/id_canary", "sbx-home/file", "sbx-home/sub/x"):
        (folder / name).write_text("canary")
        (folder / name).chmod(0o666)
    (folder / "sbx-canary-import" / "sbx_canary_mod.py").write_text("x = 'canary'\n")
    os.environ["SBX_CANARY_SECRET"] = "canary-secret"
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
        ]
        listeners[0].bind(("127.0.0.1", 0))
        port = listeners[0].getsockname()[1]
        listeners[1].bind(("127.0.0.1", port))
        listeners[2].bind(str(folder / "sbx-canary.sock"))
        for listener in (listeners[0], listeners[2]):
            listener.listen()
        threading.Thread(target=answer_datagrams, args=(listeners[1],), daemon=True).start()
        yield str(port)


def answer_datagrams(listener: socket.socket) -> None:
    try:
        while True:
            _, sender = listener.recvfrom(64)
            listener.sendto(b"canary", sender)
    except OSError:
        return


def fault_of(program: Program, result: Execution, folder: Path) -> str:
    """Returns what is wrong with the end of a program, "" where it is as labelled."""
    if "PWNED" in result.stdout or "canary" in result.stdout.replace("sbx-canary", ""):
        return "escaped"
    sentinel = program.get("sentinel", "").replace("@TMP@", str(folder))
    if sentinel and Path(sentinel).exists():
        return "wrote outside"
    if result.status in {status for end in program.get("also", []) for status in ENDS[end]}:
        return ""
    if program["must"] != "any" and result.status not in ENDS[program["must"]]:
        return f"not {program['must']}"
    if program["must"] == "output-truncated" and not result.truncated:
        return "not truncated"
    if "stdout" in program and result.stdout != program["stdout"]:
        return "another output"
    return ""


def run_programs(python: Interpreter, programs: list[Program], folder: Path, port: str) -> list[str]:
    """Runs all at once; pairs of neighbours that look for each other's traces run in their order."""
    codes = [row["code"].replace("@TMP@", str(folder)).replace(PORT, port) for row in programs]
    futures = [python.submit(code) for code in codes]
    return [
        f"{program['id']}: {fault}: {result}"
        for program, future in zip(programs, futures, strict=True)
        if (fault := fault_of(program, result := future.result(120), folder))
    ]


def run_sessions(python: Interpreter, sessions: list[Program], folder: Path) -> list[str]:
    """Runs the cells of all sessions, which are open at the same time."""
    faults: list[str] = []
    opened = [python.session() for _ in sessions]
    futures = [
        [session.submit(cell["code"]) for cell in row["cells"]]
        for session, row in zip(opened, sessions, strict=True)
    ]
    for row, results in zip(sessions, futures, strict=True):
        for number, (cell, future) in enumerate(zip(row["cells"], results, strict=True), start=1):
            result = future.result(120)
            if fault := fault_of(cell, result, folder):
                faults.append(f"{row['id']}, cell {number}: {fault}: {result}")
    for session in opened:
        session.close()
    return faults


def check_files(folder: Path, paths: list[Path], without: tuple[str, ...] = ()) -> list[str]:
    """Returns the faults of all programs and sessions of some files."""
    rows = [row for path in paths for row in read_lines(path)]
    programs = [row for row in rows if "code" in row]
    sessions = [row for row in rows if "cells" in row]
    benign = [row for row in programs if row["must"] == "ok"]
    hostile = [row for row in programs if row["must"] != "ok"]
    assert len(programs) + len(sessions) == len(rows) and programs
    with canaries(folder) as port:
        with Interpreter(InterpreterOptions(limits=PATIENT, workers=2, cache=0), without=without) as python:
            faults = run_programs(python, benign, folder, port)
        with Interpreter(InterpreterOptions(limits=STRICT, workers=8, cache=0), without=without) as python:
            faults += run_programs(python, hostile, folder, port)
        with Interpreter(InterpreterOptions(limits=STATEFUL, workers=3, cache=0), without=without) as python:
            faults += run_sessions(python, sessions, folder)
    return faults


if __name__ == "__main__":
    print(
        json.dumps(
            check_files(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:] if word != "SBX_CANARY_ARG"])
        )
    )
