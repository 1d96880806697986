"""Two processes (gloo) take the same optimizer step as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from numerate.training import Learner, weigh
from numerate.training.old import recompute
from tests.training.test_batch import nll, policy, rows

ROOT = Path(__file__).resolve().parent.parent.parent
COUNTS = (5, 1)
"""an odd number of rows, so that the shares differ; and one that leaves a process without any"""


def step(count: int) -> dict[str, float]:
    """One step on `count` rows: its statistics, and fingerprints of the log-probabilities before it and the
    weights after it."""
    one = policy()
    learner = Learner(one, micro_rows=2)
    old = sum((i + 1) * sum(logps) for i, logps in enumerate(recompute(learner, rows(count))))
    stats = learner.step(weigh(rows(count), "sequence"), nll, lr=1e-3)
    return stats | {"old": old, "weights": sum(p.detach().abs().sum().item() for p in one.model.parameters())}


def test_two_processes_take_the_same_step_as_one(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OUT": str(tmp_path)}
    environment |= {"ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "tests.training.test_processes"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for i, count in enumerate(COUNTS):
        one = step(count)
        for rank in range(2):
            found = json.loads((tmp_path / f"{rank}.json").read_text())
            assert found[i] == pytest.approx(one, rel=1e-5)


if __name__ == "__main__":
    rank = os.environ["RANK"]
    Path(os.environ["OUT"], f"{rank}.json").write_text(json.dumps([step(count) for count in COUNTS]))
