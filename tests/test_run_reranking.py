"""Whole runs with judges on the samples: their rows, their stored scores, and going on after a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from numerate import config, run
from numerate.judges.oracle import Oracle
from numerate.judges.process import ProcessJudge
from numerate.progress import QuietProgress
from tests.judges.models import base_with_words
from tests.test_run_judges import by_length

RECIPE = """\
name: small
seed: 3
model: MODEL
problems: {train: "stories/train[:6]", validation: "stories/validation[:4]", test: "stories/test[:5]"}
stages:
  some: {method: sample, model: base, samples: 3, max_tokens: 24}
  prm: {method: process_reward_model, model: base, rollouts: some, fit: {lr: 1e-3}}
evaluate:
  models: [base]
  problems: [test]
  samples: 4
  greedy: false
  max_tokens: 24
  temperature: 1.0
  rerank_with: [prm, oracle]
"""


@pytest.fixture(scope="module", autouse=True)
def telling() -> Iterator[None]:
    """A random model writes no steps that the oracle could tell apart; here it goes by their length. Parts
    are small, so that there are several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Oracle, "judge", by_length)
        patch.setattr("numerate.rollouts.collect.PART_ROLLOUTS", 8)
        yield


def recipe(folder: Path, *overrides: str) -> config.Recipe:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "base").exists():
        base_with_words(folder, context=512)
    (folder / "r.yaml").write_text(RECIPE.replace("MODEL", str(folder / "base")))
    return config.load(str(folder / "r.yaml"), overrides, out=folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, telling: None) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run.run(recipe(folder), folder / "run", progress=QuietProgress())
    return folder


def results(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "metrics.json").read_text())["results"]


def test_every_judge_has_rows_and_the_report_shows_them(whole: Path) -> None:
    rows = [row for row in results(whole / "run") if "judge" in row]
    assert {row["judge"] for row in rows} == {"prm", "oracle"}
    at = {(row["judge"], row["metric"], row["k"]) for row in rows}
    assert {("prm", "weighted_at_k", 4), ("oracle", "rerank_topk_at_k", 2), ("prm", "overlong", 1)} <= at
    assert any(row["metric"] == "step_auc" and row["judge"] == "prm" for row in rows)
    assert not any(row["metric"].startswith("step_") and row["judge"] == "oracle" for row in rows)
    page = (whole / "run" / "report" / "index.html").read_text()
    assert "judged by prm" in page and "judged by oracle" in page
