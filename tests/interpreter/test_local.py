"""The local interpreter: results, cache, faults of its own processes, and what it leaves behind."""

from __future__ import annotations

import glob
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from numerate.interpreter import Execution, Interpreter, InterpreterOptions, Limits, launch
from numerate.interpreter.libraries import needs_libraries

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's process table")
QUICK = Limits(timeout=1.5, grace=0.2)


@pytest.fixture(scope="module")
def python() -> Iterator[Interpreter]:
    with Interpreter(InterpreterOptions(limits=QUICK, workers=2)) as python:
        yield python


def zygote(python: Interpreter) -> int:
    return python.dispatcher.links.zygote.process.pid


class Process(NamedTuple):
    pid: int
    parent: int
    start: int  # clock ticks since boot


def processes() -> list[Process]:
    """Returns every process, as one look at the table shows them, the oldest first."""
    rows: list[Process] = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            words = Path(path).read_text().rpartition(")")[2].split()
            rows.append(Process(int(path.split("/")[2]), int(words[1]), int(words[19])))
    return sorted(rows, key=lambda row: (row.start, row.pid))


def children(parent: int, rows: list[Process] | None = None) -> list[int]:
    """Returns the processes below one, at any depth."""
    rows = processes() if rows is None else rows
    direct = [row.pid for row in rows if row.parent == parent]
    return direct + [pid for each in direct for pid in children(each, rows)]


def run(python: Interpreter, code: str) -> Execution:
    return python.submit(code).result(60)


def cells(python: Interpreter, *codes: str) -> list[Execution]:
    session = python.session()
    results = [session.submit(code).result(60) for code in codes]
    session.close()
    return results


def test_an_execution_says_how_it_went(python: Interpreter) -> None:
    done = run(python, "import sys\nprint('out')\nprint('err', file=sys.stderr)\nx = 1 / 0")
    assert (done.status, done.stdout, done.truncated) == ("error", "out\n", False)
    assert done.error_line == "ZeroDivisionError: division by zero"
    assert done.stderr.startswith('err\nTraceback (most recent call last):\n  File "<program>", line 4')
    assert done.stderr.count("File ") == 1 and "numerate" not in done.stderr
    assert 0 < done.cpu < 1.5 and 0 < done.wall < 1.5 and done.memory > 1 << 20


def test_frames_of_libraries_are_left_out(python: Interpreter) -> None:
    done = run(python, "import json\ndef f():\n    return json.loads('{')\nf()")
    assert done.stderr.count("File ") == 2 and done.error_line.startswith("json.decoder.JSONDecodeError")


def test_the_middle_of_a_long_output_is_left_out(python: Interpreter) -> None:
    done = run(python, "for i in range(20000):\n    print(i)")
    assert done.status == "ok" and done.truncated and done.stdout.startswith("0\n1\n")
    assert done.stdout.endswith("19999\n") and "bytes left out" in done.stdout
    assert len(done.stdout) < 65_536 + 100


def test_every_end_has_a_line() -> None:
    limits = Limits(timeout=1.5, grace=0.2, flood=1, disk=1)
    lines = {
        "while True: pass": "TimeoutError: ran longer than 1.5 s",
        "sum(range(10**13))": "TimeoutError: ran longer than 1.5 s",
        "x = bytearray(1 << 40)": "MemoryError",
        "while True: print('x' * 1000)": "OutputError: printed more than 1 MiB",
        "import os\nos.abort()": "Crash: ended by SIGABRT",
        "import os\nos._exit(3)": "SystemExit: 3",
        "import time\nfor i in range(9):\n  open(str(i), 'wb').write(b'x' * 900_000)\ntime.sleep(9)":
            "DiskError: wrote more than 1 MiB or 1000 files",
    }  # fmt: skip
    with Interpreter(InterpreterOptions(limits=limits, workers=2)) as python:
        results = {code: python.submit(code) for code in lines}
        assert {code: future.result(60).error_line for code, future in results.items()} == lines


@pytest.mark.skipif(bool(os.getuid()), reason="only root sees the files that a program holds open")
@pytest.mark.parametrize("name", ["tempfile.TemporaryFile(dir='.')", "open('f', 'wb'); os.remove('f')"])
def test_deleted_files_count_as_long_as_they_are_open(name: str) -> None:
    code = "import os, tempfile, time\nfiles = []\n"
    code += f"while len(files) < 20:\n  file = {name}\n  file.write(b'x' * 900_000)\n"
    code += "  file.flush()\n  files.append(file)\ntime.sleep(9)"
    with Interpreter(InterpreterOptions(limits=Limits(timeout=8, disk=1), workers=1)) as python:
        assert run(python, code).status == "disk"
        assert run(python, code.replace("20", "1").replace("(9)", "(0.3)")).status == "ok"


def test_a_program_runs_once_while_its_result_is_kept(python: Interpreter) -> None:
    code = "import os\nprint(os.urandom(8).hex())"
    first, before = run(python, code), python.counts["cached"]
    assert run(python, code) == first and python.counts["cached"] == before + 1
    assert run(python, code + "\n") != first


def test_a_time_out_is_not_kept(python: Interpreter) -> None:
    before = python.counts["cached"]
    assert [run(python, "while 1: pass").status for _ in range(2)] == ["timeout"] * 2
    assert python.counts["cached"] == before


def test_cells_are_kept_by_all_cells_before_them(python: Interpreter) -> None:
    assert [done.stdout for done in cells(python, "a = 1", "a + 1")] == ["", "2\n"]
    assert [done.stdout for done in cells(python, "a = 2", "a + 1")] == ["", "3\n"]
    before = python.counts["cached"]
    third = cells(python, "a = 1", "a + 1", "a = a + 5\na")
    assert [done.stdout for done in third] == ["", "2\n", "6\n"]
    assert python.counts["cached"] == before + 2


def test_a_session_whose_cells_differ_when_run_again_is_reported_lost(python: Interpreter) -> None:
    first = "import os\nv = os.urandom(8).hex()\nprint(v)"
    cells(python, first)
    kept, other, clean = cells(python, first, "print(v, 1)", "print('v' in globals())")
    assert kept.status == "ok" and other.status == "crash" and other.session_lost
    assert "SessionLost" in other.error_line and clean.stdout == "False\n"


def test_after_a_time_out_nothing_of_the_session_is_kept(python: Interpreter) -> None:
    steps = ("n = 0", "while True:\n    n += 1", "n > 0", "n = 1")
    before = python.counts["cached"]
    assert [done.status for done in cells(python, *steps)] == ["ok", "timeout", "ok", "ok"]
    assert [done.status for done in cells(python, *steps)] == ["ok", "timeout", "ok", "ok"]
    assert python.counts["cached"] == before + 1


def test_a_full_cache_drops_the_oldest() -> None:
    from numerate.interpreter.cache import ResultCache, program_key

    cache = ResultCache(3000)
    for number in range(9):
        cache.put(program_key(str(number)), Execution("ok", "x" * 100))
    assert cache.used <= 3000 and cache.get(program_key("0")) is None and cache.get(program_key("8"))


def wait_for(condition: object, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():  # pyright: ignore
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_supervisor_that_is_killed_is_replaced() -> None:
    with Interpreter(InterpreterOptions(workers=2, cache=0)) as python:
        idle = [python.session() for _ in range(4)]
        for session in idle:
            assert session.submit("x = 1").result(60).status == "ok"
        sleeping = [python.submit("import time\ntime.sleep(1)\nprint('done')") for _ in range(2)]
        wait_for(lambda: len(children(zygote(python))) >= 11)
        slots = supervisors(python)
        for pid in slots:
            os.kill(pid, signal.SIGKILL)
        assert [future.result(60).stdout for future in sleeping] == ["done\n"] * 2
        lost = [session.submit("x").result(60) for session in idle]
        assert all(done.status == "crash" and done.session_lost for done in lost)
        assert idle[0].submit("'x' in globals()").result(60).stdout == "False\n"
        assert python.counts["retried"] == 2 and python.counts["restarted"] == len(slots)


def second_zygote(python: Interpreter) -> int:
    """Returns the process with numpy and sympy, the first that the zygote forks."""
    return next(row.pid for row in processes() if row.parent == zygote(python))


def supervisors(python: Interpreter) -> list[int]:
    zygotes = zygote(python), second_zygote(python)
    return [row.pid for row in processes() if row.parent in zygotes and row.pid not in zygotes]


@pytest.mark.parametrize("which", [zygote, second_zygote])
def test_a_zygote_that_is_killed_is_replaced(which: Callable[[Interpreter], int]) -> None:
    with Interpreter(InterpreterOptions(workers=1, cache=0)) as python:
        session = python.session()
        assert session.submit("x = 1").result(60).status == "ok"
        old = zygote(python)
        os.kill(which(python), signal.SIGKILL)
        wait_for(lambda: zygote(python) != old)
        assert run(python, "print(1)").stdout == "1\n"
        assert run(python, "import sympy\nprint(sympy.S(1))").stdout == "1\n"
        assert session.submit("x").result(60).session_lost


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("print(1 + 1)", False),
        ("from math import sqrt\nimport re, json\nprint(sqrt(4))", False),
        ("from collections import abc; import fractions as f", False),
        ("import os.path", False),
        ("import numpy as np", True),
        ("import math, sympy", True),
        ("from sympy.abc import x", True),
        ("from scipy import optimize", True),
        ("exec('import mpmath')", True),
        ("__import__('numpy')", True),
    ],
)
def test_the_text_of_a_program_says_whether_it_needs_libraries(code: str, needed: bool) -> None:
    assert needs_libraries(code) == needed


def test_a_library_imported_late_is_the_same_as_one_loaded_before() -> None:
    draw, late = "import numpy\nnumpy.random.rand()", "import random\nrandom.seed(3)\nrandom.random()"
    with Interpreter(InterpreterOptions(workers=1, cache=0)) as python:
        first = cells(python, late, draw, "numpy.random.rand()", "random.random()")
        assert python.dispatcher.late_imports  # sessions of models that do this have them from the start
        again = cells(python, late, draw, "numpy.random.rand()", "random.random()")
    with Interpreter(InterpreterOptions(workers=1, cache=0)) as python:
        before = cells(python, draw, "numpy.random.rand()")
        assert not python.dispatcher.late_imports
        assert cells(python, "'numpy' in __import__('sys').modules")[0].stdout == "True\n"
        assert cells(python, "'num' 'py' in __import__('sys').modules")[0].stdout == "False\n"
    values = [[done.stdout for done in results] for results in (first, again)]
    assert values[0] == values[1] and values[0][1:3] == [done.stdout for done in before]
    assert values[0][3] != values[0][0]  # its import leaves Python's own random numbers alone


def test_what_runs_when_it_closes_is_killed() -> None:
    python = Interpreter(InterpreterOptions(workers=1, cache=0))
    futures = [python.submit("import time\ntime.sleep(3)") for _ in range(3)]
    session = python.session().submit("1")
    time.sleep(0.2)
    python.close()
    assert [future.result(1).status for future in (*futures, session)] == ["killed"] * 4
    with pytest.raises(ValueError, match="closed"):
        python.submit("1")


def test_a_cancelled_program_does_not_run() -> None:
    with Interpreter(InterpreterOptions(workers=1, cache=0, limits=QUICK)) as python:
        busy = python.submit("import time\ntime.sleep(0.5)")
        waits = python.submit("print(1)")
        time.sleep(0.2)
        assert waits.cancel() and busy.result(30).status == "ok" and run(python, "print(2)").stdout == "2\n"


def test_nothing_runs_where_nothing_confines_it() -> None:
    with pytest.raises(ValueError, match=r"interpreter\.unconfined=true"):
        Interpreter(without=("seccomp",))
    options = InterpreterOptions(workers=1, unconfined=True)
    with Interpreter(options, without=("seccomp", "landlock", "user", "chroot")) as python:
        assert not python.isolation.confined and "NOT confined" in python.isolation.line()
        assert run(python, "print(3)").stdout == "3\n"


def test_without_sympy_programs_run_and_cannot_import_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sympy.py").write_text("raise ImportError('no sympy here')\n")
    home, *others = launch.search_path()
    monkeypatch.setattr(launch, "search_path", lambda: [home, str(tmp_path), *others])
    with Interpreter(InterpreterOptions(workers=1, cache=0)) as python:
        assert not any(name.startswith("sympy") for name in python.isolation.libraries)
        assert run(python, "import numpy\nprint(numpy.ones(2).sum())").stdout == "2.0\n"
        assert run(python, "import sympy").status == "error"


def test_a_caller_that_is_killed_leaves_nothing() -> None:
    code = (
        "import os, signal\nfrom numerate.interpreter import Interpreter\n"
        'python = Interpreter()\npython.submit(\'open("f", "w")\\nwhile True: pass\')\n'
        "session = python.session()\nsession.submit('1').result()\n"
        "links = python.dispatcher.links\nprint(links.zygote.process.pid, links.zygote.base, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pid, base = done.stdout.split()
    below = children(int(pid))
    wait_for(lambda: not any(Path(f"/proc/{each}").exists() for each in (pid, *below)))
    assert not os.path.exists(base)


def test_a_supervisor_without_descriptors_says_so_and_recovers() -> None:
    """One that dies of it is replaced."""
    ends = ("ok", "setup_failed", "crash")
    with Interpreter(InterpreterOptions(workers=1, cache=0, retries=0)) as python:
        assert run(python, "print(1)").stdout == "1\n"
        slot = supervisors(python)[0]
        limits = resource.prlimit(slot, resource.RLIMIT_NOFILE)
        used = max(int(name) for name in os.listdir(f"/proc/{slot}/fd")) + 1
        for room in range(8):
            limit_files(python, (used + room, limits[1]))
            assert python.session().submit("1").result(60).status in ends
        assert run(python, "print(2)").status in ends
        limit_files(python, limits)
        assert any(run(python, "print(3)").stdout == "3\n" for _ in range(5))


def limit_files(python: Interpreter, limits: tuple[int, int]) -> None:
    """Sets the limit of open files of the supervisors that live."""
    for slot in supervisors(python):
        with suppress(OSError):  # one that is gone, or is a program already
            resource.prlimit(slot, resource.RLIMIT_NOFILE, limits)


def footprint(python: Interpreter) -> tuple[int, int, int, int]:
    """Returns processes, open descriptors, resident MiB and scratch entries of the interpreter."""
    pids = [zygote(python), *children(zygote(python))]
    handles = pages = 0
    for pid in (os.getpid(), *pids):
        with suppress(OSError):  # a child of a program that ended meanwhile
            handles += len(os.listdir(f"/proc/{pid}/fd"))
            pages += pid != os.getpid() and int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    scratch = sum(len(files) for _, _, files in os.walk(python.dispatcher.links.zygote.base))
    return len(pids), handles, pages * 4096 >> 20, scratch


def leaves_nothing(programs: int, sessions: int) -> None:
    with Interpreter(InterpreterOptions(cache=0, workers=2, limits=QUICK)) as python:
        code = "open('left', 'w').write('x')\nimport threading\nthreading.Thread(target=print).start()"
        for _ in range(2):  # the first time makes what is kept for later
            for future in [python.submit(code) for _ in range(50)]:
                assert future.result(60).status == "ok"
        before = footprint(python)
        for start in range(0, programs, 1000):
            futures = [
                python.submit(f"{code}\n# {number}") for number in range(start, min(programs, start + 1000))
            ]
            assert {future.result(120).status for future in futures} == {"ok"}
        for _ in range(max(1, sessions // 100)):
            opened = [python.session() for _ in range(100)]
            assert {future.result(120).status for future in [each.submit("x = 1") for each in opened]} == {
                "ok"
            }
            for each in opened:
                each.close()
        wait_for(lambda: 1 + len(children(zygote(python))) == before[0])
        after = footprint(python)
        assert after[1] - before[1] <= 200  # the rules of a hundred seats, kept for the next sessions
        assert after[2] - before[2] <= 24 and after[3] == 0
        base = python.dispatcher.links.zygote.base
    assert not os.path.exists(base)


def test_many_executions_leave_nothing() -> None:
    leaves_nothing(300, 100)


@pytest.mark.slow
def test_ten_thousand_executions_leave_nothing() -> None:
    leaves_nothing(10_000, 1000)
