"""Processes that were connected leave no thread of the connection to their exit: it could abort them."""

from __future__ import annotations

import atexit
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.processes import launch

TASKS = Path("/proc/self/task")
"""threads of this process"""
DEFAULTS = "torch.distributed.nn"
"""torch's module that keeps the connection of the moment of its import; optimizers import it"""


def write_threads() -> None:
    names = [(task / "comm").read_text().strip() for task in TASKS.iterdir()]
    Path(os.environ["OUT"], os.environ["RANK"]).write_text("\n".join(names))


@pytest.mark.skipif(not TASKS.exists(), reason="this system has no /proc to name the threads of a process")
def test_no_thread_of_the_connection_is_left_at_exit(tmp_path: Path) -> None:
    launch("tests.training.test_distributed_exit", tmp_path)
    for rank in range(2):
        names = (tmp_path / str(rank)).read_text().split()
        assert names and not [name for name in names if "gloo" in name]


if __name__ == "__main__":
    atexit.register(write_threads)  # before the connection: such functions run in the reverse order
    distributed = import_module("numerate.training.distributed")
    assert DEFAULTS not in sys.modules
    distributed.barrier()
    import_module(DEFAULTS)
