"""Whole runs: what is done is kept, what changed is redone, what was killed ends as if it had not been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from numerate import config, identities, run
from numerate.progress import QuietProgress, Warnings
from tests import tiny
from tests.processes import launch

ROOT = Path(__file__).resolve().parent.parent
RECIPE = """\
name: small
seed: 3
model: MODEL
problems:
  train: {source: "stories/train[:12]"}
  validation: {source: "stories/validation[:4]"}
  test: {source: "stories/test[:6]"}
stages:
  sft: {method: sft, limit: 8, fit: {epochs: 2, batch: 4, lr: 1e-3}}
  ei:
    method: expert_iteration
    model: sft
    steps: 2
    sample: {rollouts: 3, max_tokens: 12}
    threshold: 0
    fit: {epochs: 1, batch: 8, lr: 1e-3}
evaluate: {samples: 4, max_tokens: 12}
"""
"""threshold 0 keeps wrong attempts too: a random model has no others"""


def recipe(folder: Path, *overrides: str) -> config.Recipe:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "MODEL").exists():
        tiny.make(folder / "MODEL", context=512)
    path = folder / "small.yaml"
    path.write_text(RECIPE.replace("MODEL", str(folder / "MODEL")))
    return config.load(str(path), overrides, out=folder)


def outcome(folder: Path) -> dict[str, str]:
    """Hashes of what a run is for: the numbers and the weights."""
    files = [folder / "metrics.json", *sorted(folder.glob("stages/*/model/*.safetensors"))]
    return {str(f.relative_to(folder)): blake2b(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run from beginning to end."""
    folder = tmp_path_factory.mktemp("whole")
    run.run(recipe(folder), folder / "run", progress=QuietProgress())
    return folder


def test_a_run_leaves_what_the_contract_names(whole: Path) -> None:
    names = {str(path.relative_to(whole / "run")) for path in (whole / "run").rglob("*") if path.is_file()}
    assert {
        "recipe.yaml",
        "events.log",
        "metrics.json",
        "problems/train.jsonl",
        "stages/sft/config.json",
        "stages/sft/metrics.jsonl",
        "stages/sft/model/model.safetensors",
        "stages/sft/DONE.json",
        "stages/ei/rollouts/round-001/part-00000.parquet",
        "stages/ei/DONE.json",
        "evals/ei/test/greedy/part-00000.parquet",
        "evals/base/test/samples/part-00000.parquet",
        "report/index.html",
    } <= names
    rows = json.loads((whole / "run" / "metrics.json").read_text())["results"]
    assert {row["model"] for row in rows} == {"base", "sft", "ei"}
    assert {"accuracy", "pass_at_k", "maj_at_k", "diversity_trace", "accuracy_difference"} <= {
        row["metric"] for row in rows
    }
    for found in rows:
        if found["low"] is None:  # a mean of equal values says nothing of its spread
            assert found["high"] is None
        else:
            assert found["low"] <= found["value"] <= found["high"]
    assert sum(r["n"] for r in rows if r.get("by") == "steps" and r["model"] == "sft") == 6


def test_running_again_does_nothing_and_changes_nothing(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = outcome(whole / "run")
    monkeypatch.setattr("numerate.rollouts.local.LocalEngine.sample", forbidden)
    monkeypatch.setattr("numerate.training.learner.Learner.step", forbidden)
    run.run(recipe(whole), whole / "run", progress=QuietProgress())
    assert outcome(whole / "run") == before


def test_shared_options_without_use_are_a_warning_and_leave_what_is_finished(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, printed = outcome(whole / "run"), StringIO()
    monkeypatch.setattr("numerate.rollouts.local.LocalEngine.sample", forbidden)
    monkeypatch.setattr("numerate.training.learner.Learner.step", forbidden)
    changed = recipe(whole, "ei.kl.coef=0.1", "ei.fit.old_logprobs=recompute")
    run.run(changed, whole / "run", progress=Warnings(printed))
    note = "stage ei: expert_iteration does not use fit.old_logprobs, kl"
    assert printed.getvalue() == f"{note}\n"
    assert note in (whole / "run" / "events.log").read_text()
    assert outcome(whole / "run") == before


def forbidden(*args: Any) -> Any:
    raise AssertionError("this was done before")


def test_the_resolved_recipe_runs_again_to_the_same_numbers(whole: Path, tmp_path: Path) -> None:
    again = config.load(str(whole / "run" / "recipe.yaml"), (), out=tmp_path)
    run.run(again, tmp_path / "run", progress=QuietProgress())
    assert outcome(tmp_path / "run") == outcome(whole / "run")


def test_only_what_changed_is_done_again(whole: Path) -> None:
    def states(*overrides: str) -> dict[str, str]:
        changed = recipe(whole, *overrides)
        sets = run.problem_sets(changed, QuietProgress())
        return {planned.stage: planned.state for planned in identities.plan(changed, whole / "run", sets)}

    assert states() == {"sft": "done", "ei": "done"}
    assert states("ei.sample.rollouts=5") == {"sft": "done", "ei": "changed"}
    assert states("sft.fit.lr=2e-3") == {"sft": "changed", "ei": "changed"}
    assert states("evaluate.samples=8") == {"sft": "done", "ei": "done"}
    assert states("engine.slots=3") == {"sft": "done", "ei": "done"}
    assert states("seed=4") == {"sft": "changed", "ei": "changed"}
    assert states("problems.train=stories/train[:13]") == {"sft": "changed", "ei": "changed"}


class Stopping(QuietProgress):
    """Raises like a Ctrl-C after so many reports of progress."""

    def __init__(self, after: int) -> None:
        self.left = after

    def task(self, label: str, total: float | None = None, unit: str = "it") -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().task(label, total, unit)


@pytest.mark.parametrize("after", [2, 4, 6, 8, 10])
def test_interrupted_and_resumed_equals_uninterrupted(whole: Path, tmp_path: Path, after: int) -> None:
    same = recipe(whole)
    with pytest.raises(KeyboardInterrupt):
        run.run(same, tmp_path / "run", progress=Stopping(after))
    assert not (tmp_path / "run" / "metrics.json").exists()
    run.run(same, tmp_path / "run", progress=QuietProgress())
    assert outcome(tmp_path / "run") == outcome(whole / "run")


def test_an_engine_of_another_size_gives_the_same_answers(whole: Path, tmp_path: Path) -> None:
    run.run(recipe(whole, "engine.slots=3"), tmp_path / "run", progress=QuietProgress())
    folders = (whole / "run", tmp_path / "run")
    one, other = (json.loads((folder / "metrics.json").read_text())["results"] for folder in folders)
    assert one == other


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(whole: Path, tmp_path: Path) -> None:
    recipe(whole)
    launch("numerate", tmp_path, "run", str(whole / "small.yaml"), "--quiet", "--out", str(tmp_path))
    one, two = (
        json.loads((place / "metrics.json").read_text()) for place in (whole / "run", tmp_path / "small")
    )
    assert one == two
    log = (tmp_path / "small" / "events.log").read_text()
    assert log.count("stage sft: started") == log.count("finished") == 1


@pytest.mark.slow
def test_killed_ten_times_and_resumed_equals_uninterrupted(whole: Path, tmp_path: Path) -> None:
    """kill -9 at random moments of a real process."""
    recipe(whole)
    command = [sys.executable, "-m", "numerate", "run", str(whole / "small.yaml"), "--quiet"]
    command += ["--out", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    started = time.monotonic()
    subprocess.run([*command, "name=timing"], env=environment, check=True, capture_output=True)
    length = time.monotonic() - started
    r = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(r.uniform(0.3, 1.0) * length)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert outcome(tmp_path / "small") == outcome(whole / "run")
