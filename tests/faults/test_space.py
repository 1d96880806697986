"""The estimate of disk space against what a run leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate import config, run
from numerate.config.space import needed
from numerate.progress import QuietProgress
from numerate.store import RunFolder
from numerate.training import Stage
from tests import tiny

RECIPE = """\
name: r
model: MODEL
problems: {train: "stories/train[:4]", test: "stories/test[:1]"}
stages:
  sft: {method: sft, fit: {epochs: 3, batch: 4, lr: 1e-3}}
  ei:
    method: expert_iteration
    model: sft
    steps: 2
    sample: {rollouts: 2, max_tokens: 4}
    threshold: 0
    fit: {epochs: 3, batch: 8}
evaluate: {models: [base], samples: 0, max_tokens: 4}
"""


def test_the_estimate_is_what_a_run_leaves_and_less_when_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bfloat16 on disk, and float32 in all that is saved."""
    monkeypatch.setattr(Stage, "SAVE_SECONDS", 0.0)
    tiny.make(tmp_path / "MODEL", context=512, hidden=96, dtype="bfloat16")
    (tmp_path / "r.yaml").write_text(RECIPE.replace("MODEL", str(tmp_path / "MODEL")))
    recipe = config.load(str(tmp_path / "r.yaml"), (), out=tmp_path)
    folder = RunFolder(tmp_path / "r")
    before = needed(recipe, folder)
    run.run(recipe, folder.path, progress=QuietProgress())
    left = sum(file.stat().st_size for file in folder.path.rglob("*.safetensors"))
    checkpoint = 3 * (folder.stage("sft") / "model" / "model.safetensors").stat().st_size
    assert left + 0.8 * checkpoint < before < 1.2 * (left + checkpoint)
    assert needed(recipe, folder) == 0
