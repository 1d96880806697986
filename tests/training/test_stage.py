"""Stages: a loop that was cut anywhere ends as the uninterrupted one did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models.policy import Policy
from numerate.progress import QuietProgress
from numerate.training import Learner, Stage, checkpoint, cosine, pack_rows, set_loss_weights
from tests import tiny
from tests.training.test_batch import nll, rows


class Killed(Exception):
    pass


def loop(folder: Path, steps: int = 7, die_in: int | None = None, save_seconds: float = 0.0) -> Policy:
    policy = Policy(tiny.model(), tiny.tokenizer())
    run = Stage(folder, 3, QuietProgress(), save_seconds)
    learner = Learner(policy)
    some = rows(12)
    for step in run.rounds(steps, learner):
        chosen = torch.randperm(len(some))[:4].tolist()
        stats = learner.step(set_loss_weights([some[i] for i in chosen]), nll, lr=1e-2)
        run.log({"loss": stats["loss"]})
        if step == die_in:
            raise Killed
    return policy


def weights(policy: Policy) -> list[torch.Tensor]:
    return [p.detach() for p in policy.model.parameters()]


@pytest.mark.parametrize("save_seconds", [0.0, 1e9])
@pytest.mark.parametrize("die_in", [0, 3, 6])
def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(
    tmp_path: Path, die_in: int, save_seconds: float
) -> None:
    whole = loop(tmp_path / "whole")
    with pytest.raises(Killed):
        loop(tmp_path / "cut", die_in=die_in, save_seconds=save_seconds)
    resumed = loop(tmp_path / "cut")
    for a, b in zip(weights(whole), weights(resumed), strict=True):
        assert torch.equal(a, b)
    logs = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]
    assert [json.loads(line)["round"] for line in logs[0].splitlines()] == list(range(7))


def test_every_round_is_timed_once(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        loop(tmp_path / "cut", die_in=4)
    loop(tmp_path / "cut")
    assert [round_ for round_, _ in timed(tmp_path / "cut")] == list(range(7))


def test_looking_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of 3 seconds, and 5 more in which somebody looks."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    run = Stage(tmp_path / "run", 0, QuietProgress())
    for _ in run.rounds(2):
        now[0] += 3
        with run.untimed():
            now[0] += 5
    assert timed(run.folder) == [(0, 3.0), (1, 3.0)]


def timed(folder: Path) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (folder / "times.jsonl").read_text().splitlines()]
    return [(row["round"], row["seconds"]) for row in rows]


def test_a_half_written_checkpoint_and_log_line_are_passed_over(tmp_path: Path) -> None:
    whole = loop(tmp_path / "whole")
    with pytest.raises(Killed):
        loop(tmp_path / "cut", die_in=4)
    newest = tmp_path / "cut" / "checkpoints" / "step-4"
    shutil.copytree(newest, newest.with_name("step-5.part"))
    (newest.with_name("step-5.part") / "state.json").write_text("{")
    with (tmp_path / "cut" / "metrics.jsonl").open("a") as log:
        log.write('{"round": 5, "lo')
    resumed = loop(tmp_path / "cut")
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))
    assert (tmp_path / "cut" / "metrics.jsonl").read_text() == (
        tmp_path / "whole" / "metrics.jsonl"
    ).read_text()


def test_finish_ends_the_loop_for_good(tmp_path: Path) -> None:
    run = Stage(tmp_path, 0, QuietProgress())
    done = []
    for round_ in run.rounds(9):
        done.append(round_)
        if round_ == 2:
            run.finish()
    again = list(Stage(tmp_path, 0, QuietProgress()).rounds(9))
    assert (done, again) == ([0, 1, 2], [])


def test_the_two_newest_checkpoints_stay(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        checkpoint.save_checkpoint(tmp_path, step, {"w": torch.ones(2) * step}, {"facts": {}})
    assert checkpoint.checkpoint_steps(tmp_path) == [2, 10]
    loaded = checkpoint.load_checkpoint(tmp_path).loaded
    assert loaded and loaded.tensors["w"].tolist() == [10, 10] and loaded.step == 10


def test_cosine_at_its_marks() -> None:
    """2e-5 to 2e-7: half way (2e-5 + 2e-7) / 2 = 1.01e-5; with 10 % warm-up, 5 % is half the peak."""
    assert [cosine(t, 2e-5, 2e-7) for t in (0, 0.5, 1)] == pytest.approx([2e-5, 1.01e-5, 2e-7])
    assert cosine(0.05, 2e-5, 2e-7, warmup=0.1) == pytest.approx(1e-5)


def test_cosine_of_the_vectors(vectors: dict[str, Any]) -> None:
    for asked, rate in vectors["havrilla"]["lr_cosine_2e-5_to_2e-7"].items():
        assert cosine(float(asked.partition("=")[2]), 2e-5, 2e-7) == pytest.approx(rate)


def test_column_sums_ignore_padding() -> None:
    batch = pack_rows(rows(3), 0)
    assert batch.per_row(torch.ones_like(batch.ids_BT, dtype=torch.float32)).tolist() == [
        float(len(r.ids)) for r in rows(3)
    ]
