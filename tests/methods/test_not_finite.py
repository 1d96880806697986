"""A stage of every kind meets NaN in the middle of a step: it stops, the step is in no checkpoint, and it
resumes without the NaN as if there had been none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch
from typer.testing import CliRunner

from numerate import methods
from numerate.cli import app
from numerate.progress import QuietProgress
from numerate.run import train_stage
from numerate.training import Stage, checkpoint
from numerate.training.gradients import Gradients, Part
from numerate.types import NotFinite, Problem, StepScores
from tests import tiny
from tests.methods.cases import CASES
from tests.methods.test_contract import same_stages, train

KINDS = {
    "sft": 3,
    "expert_iteration": 3,
    "grpo": 6,
    "ppo, adaptive": 6,
    "mixed_policy": 3,
    "outcome_reward_model": 3,
    "evaluator_training": 3,
    "return_conditioned": 3,
}
"""and the micro-batch, after the first round"""


def poison(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """The gradients of the so-manieth micro-batch are NaN, its loss too."""
    real, count = Gradients.micro_batch, [0]

    def one(self: Gradients, *given: Any) -> Part:
        grads, value, stats = real(self, *given)
        count[0] += 1
        if count[0] != batch:
            return grads, value, stats
        return [g if g is None else torch.full_like(g, nan) for g in grads], nan, stats

    monkeypatch.setattr(Gradients, "micro_batch", one)


@pytest.mark.parametrize("name", KINDS)
def test_a_stage_stops_and_goes_on(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, cfg = CASES[name], CASES[name].config()
    train(case, tmp_path / "whole", cfg)
    run = Stage(tmp_path / "cut", 0, QuietProgress(), 0.0)
    with monkeypatch.context() as patched, pytest.raises(NotFinite, match="the loss is nan"):
        poison(patched, KINDS[name])
        train(case, run, cfg)
    assert re.fullmatch(r"stage (cut|fit), (step|round) \d+", run.position)
    kept = [checkpoint.load_checkpoint(path).loaded for path in run.folder.rglob("checkpoints")]
    assert kept and all(t.isfinite().all() for one in kept if one for t in one.tensors.values())
    train(case, tmp_path / "cut", cfg)
    same_stages(tmp_path / "whole", tmp_path / "cut")


class Broken:
    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return [StepScores((nan,)) for _ in solutions]


def test_a_reward_model_without_a_finite_score_stops_the_stage(tmp_path: Path) -> None:
    case = CASES["ppo"]
    run = Stage(tmp_path / "run", 0, QuietProgress())
    with (
        patch("numerate.methods.shared.step_scorer.load_scorer", lambda *_, **__: Broken()),
        pytest.raises(NotFinite, match=r"scores of all \d+ rollouts are not finite"),
    ):
        methods.get_method("ppo").train(run, case.config(), case.world(tmp_path, None))


RECIPE = """\
name: far
model: {model}
problems: {{train: 'stories/train[:24]', test: {{source: stories/test, limit: 2}}}}
stages:
  first: {{method: sft, model: base, fit: {{epochs: 4, batch: 12, lr: {lr}}}}}
evaluate: {{models: [first], samples: 0, max_tokens: 8}}
"""


@pytest.mark.parametrize(("lr", "code"), [("1.0e+6", 1), ("1.0e-3", 0)])
def test_a_learning_rate_that_is_far_too_high_ends_with_a_message(tmp_path: Path, lr: str, code: int) -> None:
    tiny.make(tmp_path / "model")
    (tmp_path / "r.yaml").write_text(RECIPE.format(model=tmp_path / "model", lr=lr))
    done = CliRunner().invoke(app, ["run", str(tmp_path / "r.yaml"), "--out", str(tmp_path), "-q"])
    assert done.exit_code == code, done.output
    folder = tmp_path / "far"
    if code:
        assert "error: stage first, step " in done.output and "is nan: this step was not" in done.output
        assert "Lower the learning rate" in done.output and done.output.count("\n") == 1
        assert "stopped: the loss is nan" in (folder / "events.log").read_text()
    assert (folder / "stages/first/DONE.json").exists() is not bool(code)


def test_the_checkpoint_of_a_part_of_a_stage_is_named(tmp_path: Path) -> None:
    run = Stage(tmp_path / "ei", 0, QuietProgress(), 0.0)

    def train(*given: Any) -> None:
        for round_ in run.sub("fit").rounds(3):
            if round_ == 2:
                raise NotFinite("the loss is nan")

    with (
        patch("numerate.run.methods.get_method", lambda name: SimpleNamespace(train=train)),
        pytest.raises(NotFinite, match=r"The checkpoint of step 2 is kept"),
    ):
        train_stage(run, SimpleNamespace(method="ei", options=None), None, str)  # pyright: ignore[reportArgumentType]
