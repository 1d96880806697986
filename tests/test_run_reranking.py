"""Whole runs with judges on the samples: their rows, their stored scores, and going on after a stop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from numerate import config, judges, run
from numerate.cli import selection_tables
from numerate.consent import Consent
from numerate.judges.load_judge import ProcessJudge
from numerate.judges.oracle import Oracle
from numerate.problems import load
from numerate.problems.labelled import labelled_steps
from numerate.progress import QuietProgress
from numerate.reranking import scored_by, selection_results
from numerate.reranking.labelled_steps import marked_results
from numerate.rollouts.collect import group_rows
from numerate.rollouts.guided import Guided
from numerate.store import read_rollouts
from tests.judges.models import base_with_words
from tests.test_run import forbidden
from tests.test_run_judges import by_length

RECIPE = """\
name: small
seed: 3
model: MODEL
problems: {train: "stories/train[:6]", validation: "stories/validation[:4]", test: "stories/test[:5]"}
stages:
  some: {method: sample, model: base, sample: {rollouts: 3, max_tokens: 24}}
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
    assert "prm: accuracy against samples" in page and "oracle: accuracy against K and N" in page


def test_the_rows_are_those_of_the_stored_samples_and_the_judges_own_scores(whole: Path) -> None:
    """By hand: the stored texts, the judge as it is loaded from its folder, the selection."""
    problems = load("stories/test[:5]")
    samples = whole / "run" / "evals" / "base" / "test" / "samples"
    groups = list(group_rows(problems, list(read_rollouts(samples))))
    assert len(list(samples.glob("*.parquet"))) == 3
    judge = judges.load(whole / "run" / "stages" / "prm" / "model")
    said = scored_by(judge, groups)
    expected = {row["metric"]: row for row in selection_results(groups, said, judge="prm", how="prod")}
    found = {
        row["metric"]: {key: value for key, value in row.items() if key not in ("model", "problems")}
        for row in results(whole / "run")
        if row.get("judge") == "prm"
    }
    for metric in ("weighted_at_k", "rerank_topk_optimistic", "brier"):
        assert found[metric] == pytest.approx(expected[metric], abs=1e-5)


def test_running_again_reads_the_stored_scores(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (whole / "run" / "metrics.json").read_bytes()
    monkeypatch.setattr(judges, "load", forbidden)
    monkeypatch.setattr(Oracle, "score", forbidden)
    run.run(recipe(whole), whole / "run", progress=QuietProgress())
    assert (whole / "run" / "metrics.json").read_bytes() == before


def test_a_killed_scoring_goes_on_and_ends_the_same(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole / "run", tmp_path / "run")
    scores = tmp_path / "run" / "evals" / "base" / "test" / "scores" / "prm"
    shutil.rmtree(scores.parent)
    read, calls = ProcessJudge.score, [0]

    def dying(self: ProcessJudge, problems: Any, solutions: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return read(self, problems, solutions)

    monkeypatch.setattr(ProcessJudge, "score", dying)
    with pytest.raises(KeyboardInterrupt):
        run.run(recipe(whole), tmp_path / "run", progress=QuietProgress())
    assert len(list(scores.glob("part-*.jsonl"))) == 2
    run.run(recipe(whole), tmp_path / "run", progress=QuietProgress())
    assert calls[0] == 4, "two parts, the one that was cut, and that one again"
    assert (tmp_path / "run" / "metrics.json").read_bytes() == (whole / "run" / "metrics.json").read_bytes()


def test_another_judge_scores_again_another_way_to_aggregate_does_not(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "run", tmp_path / "run")
    part = tmp_path / "run" / "evals" / "base" / "test" / "scores" / "prm" / "part-00000.jsonl"
    old = part.read_text()
    age = part.stat().st_mtime_ns
    run.run(recipe(whole, "evaluate.aggregate=min"), tmp_path / "run", progress=QuietProgress())
    assert part.stat().st_mtime_ns == age
    assert results(tmp_path / "run") != results(whole / "run")
    run.run(
        recipe(whole, "prm.fit.lr=3e-3"),
        tmp_path / "run",
        progress=QuietProgress(),
        consent=Consent(redo=True),
    )
    assert part.read_text() != old


def test_k_and_n_are_chosen_on_a_validation_set_that_is_sampled(whole: Path, tmp_path: Path) -> None:
    """A directory is a judge as well, under a name of its own."""
    directory = whole / "run" / "stages" / "prm" / "model"
    chosen = recipe(whole, "evaluate.problems=[test, validation]", f"evaluate.rerank_with=['{directory}']")
    run.run(chosen, tmp_path / "run", progress=QuietProgress())
    rows = [row for row in results(tmp_path / "run") if row.get("metric") == "rerank_topk_at_k"]
    assert {row["judge"] for row in rows} == {"run-prm"}
    assert all("limit" in row for row in rows if row["problems"] == "test")
    assert not any("limit" in row for row in rows if row["problems"] == "validation")


GUIDED = "evaluate.guided={judge: prm, beams: 2, candidates: 2}"


def test_value_guided_sampling_has_rows_and_a_killed_one_ends_the_same(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Samples and their scores are those of the run without it."""
    shutil.copytree(whole / "run", tmp_path / "run")
    search, calls = Guided.search, [0]

    def dying(self: Guided, problems: Any, params: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise KeyboardInterrupt
        return search(self, problems, params)

    monkeypatch.setattr(Guided, "search", dying)
    with pytest.raises(KeyboardInterrupt):
        run.run(recipe(whole, GUIDED), tmp_path / "run", progress=QuietProgress())
    run.run(recipe(whole, GUIDED), tmp_path / "run", progress=QuietProgress())
    assert calls[0] == 4, "three parts, of which one was begun twice"
    metrics = run.run(recipe(whole, GUIDED), tmp_path / "other", progress=QuietProgress())
    assert results(tmp_path / "run") == metrics["results"]
    rows = metrics["results"]
    before = results(whole / "run")
    assert [row for row in rows if not row["metric"].startswith("guided")] == before
    own = {row["metric"]: row for row in rows if row["metric"].startswith("guided")}
    assert own["guided_at_k"]["k"] == 4 and own["guided_at_k"]["n"] == 5
    assert own["guided_gain"]["versus"] == "W.RR@4" and own["guided_gain"]["judge"] == "prm"
    monkeypatch.setattr(Guided, "search", forbidden)
    again = run.run(recipe(whole, GUIDED), tmp_path / "run", progress=QuietProgress())
    assert again["results"] == rows
    selection_tables.show_choices(metrics, {})
    shown = capsys.readouterr().out
    assert "Guided@4" in shown and "Guided, difference at equal samples: minus maj@4" in shown
    page = (tmp_path / "run" / "report" / "index.html").read_text()
    assert "Value-guided" in page and "minus maj@4, equal samples" in page


def test_judges_of_steps_are_measured_on_labelled_ones_too(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows of the judge's own scores; they are read again, and drawn and told."""
    found = [(["2+3=5", "So 5."], -1), (["2+3=6", "So 6.", "Yes"], 0), (["a", "b", "c"], 2)]
    rows = [{"problem": "What is 2+3?", "steps": steps, "label": first} for steps, first in found]
    (whole / "marks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    here = [f"evaluate.marked=['{whole}/marks.jsonl']", "evaluate.marked_limit=2"]
    metrics = run.run(recipe(whole, *here), whole / "run", progress=QuietProgress())
    mine = [row for row in metrics["results"] if row["model"] == "labelled"]
    assert {(row["problems"], row["judge"]) for row in mine} == {(f"{whole}/marks.jsonl", "prm")}
    judge: Any = judges.load(whole / "run" / "stages" / "prm" / "model")
    labelled = list(labelled_steps.load(f"{whole}/marks.jsonl", limit=2))
    scores = [said.scores for said in judge.marked(labelled)]
    about = {"model": "labelled", "problems": f"{whole}/marks.jsonl"}
    assert mine == [about | row for row in marked_results(labelled, scores, judge="prm")]
    monkeypatch.setattr(ProcessJudge, "marked", forbidden)
    again = run.run(recipe(whole, *here), whole / "run", progress=QuietProgress())
    assert again["results"] == metrics["results"]
    selection_tables.show_choices(metrics, {})
    told = capsys.readouterr().out
    assert "marks.jsonl: labelled steps" in told and "F1 of first errors" in told
    page = (whole / "run" / "report" / "index.html").read_text()
    assert "Reliability of step scores: share right by score" in page and "F1 of first errors" in page


def test_labelled_steps_need_a_judge_of_steps(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rerank_with has no process reward model"):
        recipe(tmp_path, "evaluate.marked=[processbench/gsm8k]", "evaluate.rerank_with=[oracle]")
    with pytest.raises(ValueError, match="there is no set of labelled steps 'nosuch'"):
        recipe(tmp_path, "evaluate.marked=[nosuch]")
