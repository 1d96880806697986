"""A child ends with the process that began it, whatever ended that one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from numerate.models.process_tuning import FROM_PARENT

PARENT = """
import os, subprocess, sys, time
from numerate.models.process_tuning import FROM_PARENT
asked = os.environ | {FROM_PARENT: "1"}
child = subprocess.Popen([sys.executable, sys.argv[1]], stdin=subprocess.PIPE, env=asked)
print(child.pid, flush=True)
time.sleep(60)
"""
CHILD = """
import time
from numerate.models import process_tuning
process_tuning.end_with_parent()
open(__file__ + ".up", "w").close()
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_child_ends_with_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "child.py")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    while not (tmp_path / "child.py.up").exists():
        time.sleep(0.01)
    assert alive(child)
    parent.send_signal(number)
    parent.wait()
    for _ in range(500):
        if not alive(child):
            break
        time.sleep(0.01)
    assert not alive(child)


def test_a_process_that_was_not_asked_to_does_not_watch_its_stdin() -> None:
    code = (
        "import time; from numerate.models import process_tuning; process_tuning.end_with_parent(); "
        "time.sleep(0.5); "
        "print('alive')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.stdout == "alive\n" and FROM_PARENT not in os.environ
