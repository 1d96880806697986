"""A repeated command takes what is there: it computes again only what depends on a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from numerate import config, measure_models, repeats, report, run, shootout
from numerate.problems import load
from numerate.problems.sets import stories_set
from numerate.problems.stories import generate
from numerate.progress import QuietProgress
from numerate.store import KEPT, Kept, read_problems, read_rewards, read_rollouts, write_rollouts
from numerate.types import Reward, Scored
from tests import test_shootout
from tests.test_run import ROOT, forbidden, recipe

HEAVY = ("torch", "transformers", "matplotlib", "pyarrow", "accelerate", "peft")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run from beginning to end."""
    folder = tmp_path_factory.mktemp("whole")
    run.run(recipe(folder), folder / "small", progress=QuietProgress())
    return folder


def outputs(folder: Path) -> dict[str, bytes]:
    files = [folder / "metrics.json", folder / "report" / "index.html", *folder.glob("problems/*.jsonl")]
    return {file.name: file.read_bytes() for file in files}


def again(folder: Path, *overrides: str) -> dict[str, Any]:
    return run.run(recipe(folder, *overrides), folder / "small", progress=QuietProgress())


def test_a_finished_run_loads_nothing_heavy_and_writes_the_same(whole: Path) -> None:
    before = outputs(whole / "small")
    code = f"""
import sys
from pathlib import Path
sys.argv = ["numerate", "run", {str(whole / "small.yaml")!r}, "--out", {str(whole)!r}, "--quiet"]
from numerate.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", *sorted({{name.partition(".")[0] for name in sys.modules}} & {set(HEAVY)}))
"""
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.splitlines()[-1] == "loaded:"
    assert outputs(whole / "small") == before


def test_a_finished_run_makes_no_problem_reads_no_rollout_and_draws_no_page(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = outputs(whole / "small")
    metrics = again(whole)
    for name in ("repeats.load", "evaluate.collect", "report.build", "store.rollouts._rows"):
        monkeypatch.setattr(f"numerate.{name}", forbidden)
    assert again(whole) == metrics == json.loads(before["metrics.json"])
    assert outputs(whole / "small") == before


def test_a_changed_rollout_is_measured_again_and_the_page_is_drawn_again(whole: Path) -> None:
    part = whole / "small" / "evals" / "sft" / "test" / "greedy" / "part-00000.parquet"
    before, kept = outputs(whole / "small"), part.read_bytes()
    rows = list(read_rollouts(part))
    write_rollouts(part, [Scored(row.rollout, Reward(1.0 - (row.reward.value or 0.0))) for row in rows])
    metrics = again(whole)
    share = sum(1.0 - (row.reward.value or 0.0) for row in rows) / len(rows)
    [value] = [
        row["value"]
        for row in metrics["results"]
        if (row["model"], row["metric"], row.get("by")) == ("sft", "accuracy", None)
    ]
    assert value == pytest.approx(share)
    assert outputs(whole / "small")["index.html"] != before["index.html"]
    part.write_bytes(kept)
    again(whole)
    assert outputs(whole / "small") == before


def test_other_code_computes_everything_again(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = outputs(whole / "small")
    made: list[str] = []

    def counted(name: str, function: Any) -> Any:
        return lambda *a, **k: made.append(name) or function(*a, **k)

    for module in ("repeats", "report"):
        monkeypatch.setattr(f"numerate.{module}.code_identity", lambda: "other code")
    for name, module in (("load", repeats), ("build", report), ("evaluate_model", measure_models)):
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    again(whole)
    assert {name: made.count(name) for name in made} == {"load": 3, "evaluate_model": 3, "build": 1}
    assert outputs(whole / "small") == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"page": 1}'])
def test_what_is_kept_may_be_lost_or_damaged(whole: Path, text: str) -> None:
    before = outputs(whole / "small")
    (whole / "small" / KEPT).write_text(text)
    (whole / "small" / "problems" / "train.jsonl").write_text("damaged")
    (whole / "small" / "report" / "index.html").write_text("damaged")
    again(whole)
    assert outputs(whole / "small") == before


@pytest.mark.parametrize("file", ["problems/train.jsonl", "report/index.html", "metrics.json"])
def test_a_file_that_was_altered_is_written_again(whole: Path, file: str) -> None:
    before = outputs(whole / "small")
    path = whole / "small" / file
    path.write_bytes(path.read_bytes()[:-9])
    again(whole)
    assert outputs(whole / "small") == before


def test_a_value_that_was_altered_is_not_taken(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("rows", "i", [{"value": 0.5}])
    kept.write()
    assert Kept(tmp_path).get("rows", "i") == [{"value": 0.5}]
    assert Kept(tmp_path).get("rows", "other") is None
    (tmp_path / KEPT).write_text((tmp_path / KEPT).read_text().replace("0.5", "0.6"))
    assert Kept(tmp_path).get("rows", "i") is None


def test_a_damaged_model_of_a_finished_run_is_named(whole: Path) -> None:
    again(whole)
    weights = whole / "small" / "stages" / "ei" / "model" / "model.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(ValueError, match="SHA-256"):
        again(whole)
    weights.write_bytes(kept)


def test_slices_of_one_source_are_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[int] = []

    def counted(split: str, start: int, count: int, knobs: Any) -> Any:
        made.extend(range(start, start + count))
        return generate(split, start, count, knobs=knobs)

    monkeypatch.setattr("numerate.problems.stories.generate", counted)
    stories_set.make_problem.cache_clear()
    text = """
name: slices
problems:
  all: {source: stories/train, limit: 30}
  first: "stories/train[:10]"
  rest: "stories/train[10:25]"
  shuffled: {source: "stories/train[5:30]", seed: 1}
stages:
  a: {method: sft, problems: all}
  b: {method: sft, problems: first}
  c: {method: sft, problems: rest}
  d: {method: sft, problems: shuffled}
evaluate: {problems: []}
"""
    (tmp_path / "r.yaml").write_text(text)
    chosen = config.load(str(tmp_path / "r.yaml"), (), out=tmp_path)
    sets = run.problem_sets(chosen, QuietProgress())
    assert sorted(made) == list(range(30))
    assert sets["all"] == list(generate("train", 0, 30)) and sets["rest"] == sets["all"][10:25]


def test_generated_sets_come_back_from_the_folder_as_they_were_made(whole: Path) -> None:
    again(whole)
    stored = read_problems(whole / "small" / "problems" / "train.jsonl")
    assert stored == load("stories/train[:12]")


def test_rewards_are_read_as_with_the_rollouts(whole: Path) -> None:
    folder = whole / "small" / "evals" / "base" / "test" / "samples"
    wanted = [(scored.rollout.problem_id, scored.reward.value) for scored in read_rollouts(folder)]
    assert list(read_rewards(folder)) == wanted and len(wanted) == 24


def test_a_comparison_of_seeds_is_computed_once_until_a_seed_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, right in ((0, "1000"), (1, "1100")):
        for model in ("sft", "grpo", "ppo"):
            test_shootout.leave(tmp_path / f"seed-{seed}", model, right)
    chosen, kept = test_shootout.recipe(tmp_path), Kept(tmp_path)
    first = shootout.kept_comparison(chosen, kept, (0, 1))
    with monkeypatch.context() as patch:
        patch.setattr(shootout, "compare_seeds", forbidden)
        assert shootout.kept_comparison(chosen, kept, (0, 1)) == first
    test_shootout.leave(tmp_path / "seed-1", "grpo", "1111")
    second = shootout.kept_comparison(chosen, kept, (0, 1))
    values = [{row["model"]: row["value"] for row in each["methods"]} for each in (first, second)]
    assert (values[0]["grpo"], values[1]["grpo"]) == (3 / 8, 5 / 8)
