"""What a recipe says of re-ranking and of sets of labelled steps is checked before it starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numerate import config
from numerate.config.check_judges import judge_names
from tests import tiny
from tests.judges.models import scored_by

RECIPE = """\
name: small
model: MODEL
problems: {train: "stories/train[:4]", test: "stories/test[:2]"}
stages:
  sft: {method: sft}
  some: {method: sample, model: sft}
  orm: {method: outcome_reward_model, model: sft, rollouts: some}
  prm: {method: process_reward_model, model: sft, LABELS}
evaluate: {samples: 2, rerank_with: [orm, prm, oracle], aggregate: min}
"""
ROW = {"prompt": "2+3?", "completions": ["2+3=5", "so 6"], "labels": [True, False]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.make(tmp_path / "MODEL")
    (tmp_path / "marked.jsonl").write_text(json.dumps(ROW) + "\n")
    return tmp_path


def read(folder: Path, old: str = "", new: str = "", labels: str = "rollouts: some") -> config.Recipe:
    assert old in RECIPE
    text = RECIPE.replace(old, new.replace("HERE", str(folder)), 1) if old else RECIPE
    text = text.replace("LABELS", labels.replace("HERE", str(folder))).replace("MODEL", str(folder / "MODEL"))
    (folder / "r.yaml").write_text(text)
    return config.load(str(folder / "r.yaml"), out=folder)


def refusal(folder: Path, *change: str) -> str:
    with pytest.raises(ValueError) as error:
        read(folder, *change)
    return str(error.value)


def test_judges_are_stages_directories_or_the_oracle(folder: Path) -> None:
    scored_by(folder).save(folder / "mine" / "model")
    judges = f"[orm, oracle, {folder}/mine/model]"
    recipe = read(folder, "[orm, prm, oracle]", judges)
    assert recipe.evaluate.rerank_with == ("orm", "oracle", f"{folder}/mine/model")
    assert read(folder, "[orm, prm, oracle]", "orm").evaluate.rerank_with == ("orm",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[orm, prm, oracle]",
            "[omr]",
            "'omr' is neither a stage that trains a reward model nor the directory",
        ),
        ("[orm, prm, oracle]", "[omr]", "did you mean 'orm'?"),
        (
            "[orm, prm, oracle]",
            "[sft]",
            "stage 'sft' (sft) trains no reward model; there are: oracle, orm, prm",
        ),
        ("[orm, prm, oracle]", "[some]", "stage 'some' (sample) trains no reward model"),
        ("[orm, prm, oracle]", "[orm, orm]", "'orm' is named twice"),
        ("[orm, prm, oracle]", "[HERE]", "is not a reward model: it is a folder without judge.json"),
        ("samples: 2", "samples: 0", "rerank_with needs samples, and samples is 0"),
        ("aggregate: min", "aggregate: mean", "expected one of 'avg', 'prod', 'max', 'min' or 'last'"),
        ('"stories/test[:2]"', "HERE/asked.jsonl", "evaluate.rerank_with: the oracle scores stories only"),
        ("sft: {method: sft}", "oracle: {method: sft}", "'oracle' is a reserved name in a recipe"),
    ],
)
def test_what_re_ranks_is_checked(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "asked.jsonl").write_text('{"question": "What is 2+3?", "answer": "5"}\n')
    assert said in refusal(folder, old, new)


def guided(folder: Path, options: str, more: str = "samples: 4") -> config.Recipe:
    return read(folder, "evaluate: {samples: 2,", f"evaluate: {{guided: {options}, {more}, max_tokens: 64,")


def test_value_guided_sampling_takes_any_scorer_of_steps(folder: Path) -> None:
    scored_by(folder).save(folder / "mine")
    for judge in ("orm", "prm", "oracle", f"{folder}/mine"):
        assert guided(folder, f"{{judge: {judge}, beams: 2, candidates: 2}}").evaluate.guided is not None


@pytest.mark.parametrize(
    ("options", "more", "said"),
    [
        ("{beams: 2}", "samples: 4", "evaluate.guided: the key 'judge' is missing"),
        ("{judge: omr}", "samples: 16", "evaluate.guided.judge: 'omr' is neither a stage that trains"),
        ("{judge: sft}", "samples: 16", "stage 'sft' (sft) trains no reward model"),
        ("{judge: orm, beam: 2}", "samples: 16", "did you mean 'beams'?"),
        ("{judge: orm, beams: 0}", "samples: 16", "evaluate.guided.beams: expected at least 1"),
        ("{judge: orm}", "samples: 4", "guided compares with 16 samples (beams * candidates)"),
        ("{judge: orm, beams: 2, candidates: 2}", "samples: 4, models: [far]", "line by line"),
        ("{judge: says, beams: 2, candidates: 2}", "samples: 4", "scores complete solutions only"),
    ],
)
def test_value_guided_sampling_is_checked(folder: Path, options: str, more: str, said: str) -> None:
    stages = """far: {method: return_conditioned, model: sft, rollouts: some}
  says: {method: evaluator_training, rollouts: some, model: sft}
  prm:"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.test_config_reranking.RECIPE", RECIPE.replace("prm:", stages, 1))
        with pytest.raises(ValueError) as error:
            guided(folder, options, more)
    assert said in str(error.value)


def test_a_scorer_that_cannot_read_the_longest_solution_does_not_guide(folder: Path) -> None:
    scored_by(folder, max_length=64).save(folder / "short")
    with pytest.raises(ValueError, match="reads 64 tokens of problem and solution, and max_tokens is 64"):
        guided(folder, "{judge: HERE/short, beams: 2, candidates: 2}")


def test_a_judge_of_another_style_of_prompt_is_refused_unless_it_is_an_encoder(folder: Path) -> None:
    scored_by(folder, style="qa").save(folder / "qa")
    scored_by(folder, "bert", style="qa").save(folder / "encoder")
    said = refusal(folder, "[orm, prm, oracle]", "[HERE/qa]")
    assert "trained with prompt style 'qa', and this recipe has 'plain'" in said
    read(folder, "[orm, prm, oracle]", "[HERE/encoder]")


def test_a_judge_without_its_head_or_weights_is_refused(folder: Path) -> None:
    scored_by(folder).save(folder / "mine")
    (folder / "mine" / "head.safetensors").unlink()
    assert "needs head.safetensors, which is missing" in refusal(folder, "[orm, prm, oracle]", "[HERE/mine]")
    (folder / "mine" / "model.safetensors").unlink()
    assert "no weights" in refusal(folder, "[orm, prm, oracle]", "[HERE/mine]")


def test_judges_of_one_name_are_told_apart() -> None:
    given = ["prm", "a/stages/prm/model", "runs/a/stages/prm/model", "oracle"]
    assert judge_names(given, ["prm"]) == {
        "prm": "prm",
        "a-prm": "a/stages/prm/model",
        "a-prm-2": "runs/a/stages/prm/model",
        "oracle": "oracle",
    }


def test_a_set_of_labelled_steps_takes_the_place_of_rollouts(folder: Path) -> None:
    options = read(folder, labels="marked: HERE/marked.jsonl, marked_limit: 5").stages["prm"].options
    assert (options.marked, options.marked_limit) == (f"{folder}/marked.jsonl", 5)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("classes: 2", "stages.prm: set one of rollouts"),
        ("rollouts: some, marked: HERE/marked.jsonl", "stages.prm: set one of rollouts"),
        ("marked: prm900k/train", "stages.prm.marked: there is no set of labelled steps 'prm900k/train'"),
        ("marked: prm800k/tran", "stages.prm.marked: labelled steps 'prm800k': it has no split 'tran'"),
        ("marked: processbench/gsm8k", "trains on processbench/gsm8k, a test set"),
        ("marked: HERE/bad.jsonl", "stages.prm.marked: "),
        ("marked: HERE/none.jsonl", "stages.prm.marked: there is no set of labelled steps"),
        ("marked: HERE/marked.jsonl, marked_limit: 0", "stages.prm.marked_limit: expected at least 1"),
    ],
)
def test_a_set_of_labelled_steps_is_checked(
    folder: Path, labels: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad.jsonl").write_text('{"question": "2+3?"}\n')
    (folder / "processbench").mkdir()
    shown = {"problem": "2+3?", "steps": ["5"], "label": -1}
    (folder / "processbench" / "gsm8k.jsonl").write_text(json.dumps(shown) + "\n")
    monkeypatch.setenv("NUMERATE_DATA", str(folder))
    assert said in refusal(folder, "", "", labels)
