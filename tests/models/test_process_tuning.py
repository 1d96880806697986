"""Threads spin briefly and freed memory is kept, unless the environment says otherwise."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from numerate.models import process_tuning


def test_brief_waiting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    process_tuning.tune_process()
    assert os.environ == {"GOMP_SPINCOUNT": "1000"}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_user_set_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {name: "mine"})
    process_tuning.tune_process()
    assert os.environ == {name: "mine"}


KEEPS = """
import os, numerate.models.process_tuning as process
process.tune_process()
for _ in range(3):
    block = bytearray(200 * 2**20)
    del block
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
@pytest.mark.parametrize(("said", "low", "high"), [({}, 190, 350), ({"MALLOC_MMAP_MAX_": "65536"}, 1, 100)])
def test_freed_memory_is_kept_unless_the_environment_says_how_it_is_used(
    said: dict[str, str], low: int, high: int
) -> None:
    plain = {k: v for k, v in os.environ.items() if k not in process_tuning.HEAP_VARIABLES}
    done = subprocess.run([sys.executable, "-c", KEEPS], env=plain | said, capture_output=True, text=True)
    assert low < int(done.stdout) < high, done.stderr
