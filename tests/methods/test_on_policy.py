"""What every method that learns from its own attempts keeps, whatever its objective."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import methods
from numerate.methods.on_policy import Fit, Sample
from tests.methods.arms import PATH, game
from tests.methods.toy import same, stage

METHODS: dict[str, dict[str, Any]] = {
    "grpo": {"beta": 0.01},
    "dr_grpo": {},
    "dapo": {"overlong_cache": 4},
    "gspo": {},
    "cispo": {},
    "rloo": {"beta": 0.01},
    "reinforce_pp": {},
    "on_policy_distillation": {"teacher": "teacher"},
}
STEPS = 4


def config(name: str, fit: dict[str, Any] | None = None, **more: Any) -> Any:
    sample = Sample(problems=4, attempts=4, max_tokens=12)
    chosen = Fit(**({"lr": 2e-2, "updates": 2, "minibatches": 2} | (fit or {})))
    common = {"steps": STEPS, "sample": sample, "fit": chosen}
    common |= {} if name == "on_policy_distillation" else {"rewards": (PATH,)}
    return methods.get(name).Config(**(common | METHODS[name] | more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", METHODS)
def test_it_learns_the_game(tmp_path: Path, name: str) -> None:
    methods.get(name).train(stage(tmp_path / "run"), config(name, steps=12), game(tmp_path))
    if name == "on_policy_distillation":
        rewards = [-row["train/reverse_kl"] for row in log(tmp_path / "run")]
    else:
        rewards = [row["reward/mean"] for row in log(tmp_path / "run")]
    print(name, rewards)
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.1


@pytest.mark.parametrize("name", METHODS)
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, name: str) -> None:
    train = methods.get(name).train
    whole = train(stage(tmp_path / "whole"), config(name), game(tmp_path))
    for dies in (3, 2):
        cut = stage(tmp_path / "cut")
        cut.save_seconds = 0.0 if dies == 3 else 1e9
        with pytest.raises(KeyboardInterrupt):
            train(cut, config(name), game(tmp_path, die_after=[dies]))
    resumed = train(stage(tmp_path / "cut"), config(name), game(tmp_path))
    assert same(whole, resumed)
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
