"""A disk that is full while a model or a checkpoint is saved: one message, and what was there stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import pathlib, resource, signal, sys, torch
from numerate.models.policy import Policy
from numerate.training import checkpoint
from tests import tiny
folder = pathlib.Path(sys.argv[1])
policy = Policy(tiny.model(), tiny.tokenizer())
policy.save(folder / "model")
checkpoint.save_checkpoint(folder / "checkpoints", 1, {"w": torch.zeros(9)}, {"facts": {}})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for save in (
    lambda: policy.save(folder / "model"),
    lambda: checkpoint.save_checkpoint(folder / "checkpoints", 2, {"w": torch.zeros(99_999)}, {"facts": {}}),
):
    try:
        save()
    except OSError as error:
        print(error)
print(checkpoint.load_checkpoint(folder / "checkpoints").loaded.step)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits on file sizes are POSIX")
def test_a_full_disk_is_one_message_that_names_the_folder(tmp_path: Path) -> None:
    """A limit of 20 kB on the size of files stands in for the full disk."""
    command = [sys.executable, "-c", CODE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    model, saved, step = done.stdout.splitlines() or [done.stderr] * 3
    for line, name in ((model, "model"), (saved, "checkpoints/step-2")):
        assert "free disk space and run again" in line and str(tmp_path / name) in line
    assert step == "1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "model"]
    assert not list(tmp_path.rglob(".*"))
