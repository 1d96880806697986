"""A whole run with a return-conditioned policy: measured with its tags, in the run and from its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numerate import config, run
from numerate.progress import QuietProgress
from numerate.store import read_rollouts
from tests import tiny
from tests.test_run import Stopping, outcome

RECIPE = """\
name: small
seed: 3
model: MODEL
problems:
  train: {source: "stories/train[:6]"}
  test: {source: "stories/test[:3]"}
stages:
  samples: {method: sample, sample: {rollouts: 2, temperature: 1.0, top_p: 1.0, max_tokens: 12}}
  labels: {method: step_labels, rollouts: samples, sample: {rollouts: 2, max_tokens: 6}}
  rc:
    method: return_conditioned
    rollouts: labels
    balance: null
    fit: {epochs: 2, batch: 4, lr: 1e-3}
evaluate: {models: [base, rc], samples: 2, max_tokens: 12}
"""
"""balance null: of a random model's attempts none is right"""


def recipe(folder: Path) -> config.Recipe:
    if not (folder / "MODEL").exists():
        tiny.make(folder / "MODEL", context=512)
    (folder / "small.yaml").write_text(RECIPE.replace("MODEL", str(folder / "MODEL")))
    return config.load(str(folder / "small.yaml"), out=folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run.run(recipe(folder), folder / "run", progress=QuietProgress())
    return folder


def test_it_is_measured_with_its_tags_and_graded_without(whole: Path) -> None:
    for model, tagged in (("base", False), ("rc", True)):
        for part in ("greedy", "samples"):
            for scored in read_rollouts(whole / f"run/evals/{model}/test/{part}"):
                read = "".join(turn.text for turn in scored.rollout.turns if not turn.trained)
                assert read.endswith("[GOOD]\n") == tagged
                assert "[GOOD]" not in scored.rollout.text and sum(scored.rollout.mask) <= 12


def test_its_folder_is_measured_in_the_same_way_by_itself(whole: Path) -> None:
    drawing = {"samples": 2, "max_tokens": 12}
    settings = {"seed": 3, "evaluate": drawing}
    place = str(whole / "run/stages/rc/model")
    alone = config.make_eval_recipe("alone", place, ["stories/test"], 3, settings, out=whole)
    run.run(alone, whole / "alone", progress=QuietProgress())

    def texts(where: str) -> list[str]:
        return [scored.rollout.text for scored in read_rollouts(whole / where)]

    for part in ("greedy", "samples"):
        assert texts(f"alone/evals/base/stories-test/{part}") == texts(f"run/evals/rc/test/{part}")
    assert json.loads((Path(place) / "config.json").read_text())["return_conditioning"]["ask"] == "good"


def test_a_calculator_is_refused_before_anything_starts(whole: Path) -> None:
    (whole / "small.yaml").write_text((whole / "small.yaml").read_text() + "engine: {calculator: true}\n")
    with pytest.raises(ValueError, match=r"stages.rc.method: return_conditioned samples in its own way"):
        config.load(str(whole / "small.yaml"), out=whole)


@pytest.mark.parametrize("after", [2, 4, 7])
def test_interrupted_and_resumed_equals_uninterrupted(whole: Path, tmp_path: Path, after: int) -> None:
    same = recipe(whole)
    with pytest.raises(KeyboardInterrupt):
        run.run(same, tmp_path / "run", progress=Stopping(after))
    assert not (tmp_path / "run" / "metrics.json").exists()
    run.run(same, tmp_path / "run", progress=QuietProgress())
    assert outcome(tmp_path / "run") == outcome(whole / "run")
