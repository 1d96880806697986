"""The estimate of disk space against what a run leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate import config, run
from numerate.config.space import needed_bytes
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
    before = needed_bytes(recipe, folder)
    run.run(recipe, folder.path, progress=QuietProgress())
    left = sum(file.stat().st_size for file in folder.path.rglob("*.safetensors"))
    checkpoint = 3 * (folder.stage("sft") / "model" / "model.safetensors").stat().st_size
    assert left + 0.8 * checkpoint < before < 1.2 * (left + checkpoint)
    assert needed_bytes(recipe, folder) == 0


PPO = """\
name: r
model: MODEL
problems: {train: "stories/train[:4]", test: "stories/test[:1]"}
stages:
  ppo:
    method: ppo
    steps: 2
    sample: {problems: 2, rollouts: 2, max_tokens: 4}
    fit: {batch: 4}
    value: {layers: LAYERS}
evaluate: {models: [base], samples: 0, max_tokens: 4}
"""


@pytest.mark.parametrize(("kind", "layers"), [("llama", 0), ("llama", 1), ("gpt2", 2)])
def test_the_estimate_counts_the_value_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, layers: int
) -> None:
    """Of a checkpoint, that is: the branch is no part of the model that is saved."""
    monkeypatch.setattr(Stage, "SAVE_SECONDS", 0.0)
    tiny.make(tmp_path / "MODEL", kind, context=512, hidden=96)
    (tmp_path / "r.yaml").write_text(
        PPO.replace("MODEL", str(tmp_path / "MODEL")).replace("LAYERS", str(layers))
    )
    recipe = config.load(str(tmp_path / "r.yaml"), (), out=tmp_path)
    folder = RunFolder(tmp_path / "r")
    before = needed_bytes(recipe, folder)
    run.run(recipe, folder.path, progress=QuietProgress())
    files = {file.parent.name: file.stat().st_size for file in folder.path.rglob("*.safetensors")}
    peak = files["model"] + 3 * files["step-2"]
    assert 0.97 * peak < before < 1.05 * peak
    assert needed_bytes(recipe, folder) == 0
