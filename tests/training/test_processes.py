"""Two processes (gloo) take the same optimizer step as one, each with a share of the rows, and store the same
attempts."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from numerate import processes
from numerate.rewards.calling import RewardFailed
from numerate.rollouts.sharing import write_part
from numerate.store import read_rollouts
from numerate.training import Learner, distributed, set_loss_weights
from numerate.training.old_logprobs import recompute_logprobs
from numerate.types import NotFinite, Problem, Reward, Rollout, RunStopped, Scored
from tests.methods.toy import PROBLEMS
from tests.processes import launch
from tests.training.test_batch import nll, policy, rows

COUNTS = (5, 1)
"""an odd number of rows, so that the shares differ; and one that leaves a process without any"""


def step(count: int) -> dict[str, float]:
    """One step on `count` rows: its statistics, and fingerprints of the log-probabilities before it and the
    weights after it."""
    one = policy()
    learner = Learner(one, micro_rows=2)
    old = sum((i + 1) * sum(logps) for i, logps in enumerate(recompute_logprobs(learner, rows(count))))
    stats = learner.step(set_loss_weights(rows(count), "sequence"), nll, lr=1e-3)
    return stats | {"old": old, "weights": sum(p.detach().abs().sum().item() for p in one.model.parameters())}


def mine(count: int) -> int:
    return len(Learner(policy()).share(rows(count)))


def attempts(problems: Sequence[Problem]) -> list[Scored]:
    """Two at each problem, signed by the process."""
    by = os.environ.get("RANK", "alone")
    return [Scored(Rollout(p.id, i, (), policy=by), Reward(1.0)) for p in problems for i in range(2)]


FAILURES = {
    "RewardFailed": "no judge",
    "NotFinite": "a reward is nan",
    "OSError": "disk full",
    "ValueError": "wrong",
    "KeyError": "a fault",
}


def fail(error: Exception, rank: int) -> None:
    if processes.rank() == rank:
        raise error


def failures() -> Iterator[tuple[str, tuple[bool, str]]]:
    """Errors of one process, and what comes of them in this one: its kind is right, and its message."""
    errors: dict[str, type[Exception]] = dict(vars(builtins), RewardFailed=RewardFailed, NotFinite=NotFinite)
    elsewhere = errors | {"KeyError": RunStopped, "RewardFailed": RunStopped}
    for rank, (name, text) in enumerate(FAILURES.items()):
        wanted = errors if rank % 2 == processes.rank() else elsewhere
        try:
            distributed.agree_on_result(partial(fail, errors[name](text), rank % 2))
        except Exception as raised:
            yield name, (isinstance(raised, wanted[name]), str(raised).strip("'"))


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    launch("tests.training.test_processes", tmp_path)
    stored = [scored.rollout for scored in read_rollouts(tmp_path / "part.parquet")]
    assert [(r.problem_id, r.index, r.policy) for r in stored] == [
        (p.id, i, str(n % 2)) for n, p in enumerate(PROBLEMS) for i in range(2)
    ]
    assert {file.name for file in tmp_path.iterdir()} == {"part.parquet", "0.json", "1.json"}
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first["steps"] == second["steps"] == [pytest.approx(step(count), rel=1e-5) for count in COUNTS]
    assert (first["shares"], second["shares"]) == ([3, 1], [2, 0])
    for kind, message in FAILURES.items():
        assert first[kind] == [True, message]
        assert second[kind] == [
            True,
            message if kind != "KeyError" else "KeyError in another process: 'a fault",
        ]


if __name__ == "__main__":
    assert processes.process_count() == 2
    write_part(Path(os.environ["OUT"], "part.parquet"), PROBLEMS, attempts)
    told: dict[str, object] = dict(failures())
    told |= {"steps": [step(count) for count in COUNTS], "shares": [mine(count) for count in COUNTS]}
    Path(os.environ["OUT"], f"{processes.rank()}.json").write_text(json.dumps(told))
