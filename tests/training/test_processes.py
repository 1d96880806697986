"""Two processes (gloo) take the same optimizer step as one, each with a share of the rows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from numerate.training import Learner, devices, weigh
from numerate.training.old import recompute
from tests.processes import launch
from tests.training.test_batch import nll, policy, rows

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


def mine(count: int) -> int:
    return len(Learner(policy()).share(rows(count)))


def test_two_processes_take_the_same_step_as_one(tmp_path: Path) -> None:
    launch("tests.training.test_processes", tmp_path)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first["steps"] == second["steps"] == [pytest.approx(step(count), rel=1e-5) for count in COUNTS]
    assert (first["shares"], second["shares"]) == ([3, 1], [2, 0])


if __name__ == "__main__":
    assert devices.size() == 2
    told = {"steps": [step(count) for count in COUNTS], "shares": [mine(count) for count in COUNTS]}
    Path(os.environ["OUT"], f"{devices.rank()}.json").write_text(json.dumps(told))
