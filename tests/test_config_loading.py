"""Recipes by file, name and run folder, with overrides, and written out with every default."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from numerate import config, methods, recipes
from tests.small_recipe import PLAIN, make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


def test_overrides_change_values_of_every_depth(here: Path) -> None:
    changes = [
        "seed=3",
        "sft.fit.epochs=1",
        "stages.ei.fit.lr=1e-3",
        "problems.train.limit=5",
        "problems.test=worked.jsonl[:1]",
        "evaluate.k=[1, 2]",
        "evaluate.limit=null",
        "name=other",
        "allow_test_training=true",
    ]
    recipe = config.load("r.yaml", changes)
    assert (recipe.seed, recipe.name, recipe.evaluate.k, recipe.evaluate.limit) == (3, "other", (1, 2), None)
    assert recipe.stages["sft"].options.fit.epochs == 1
    assert recipe.stages["ei"].options.fit.lr == 1e-3
    assert recipe.problems["train"] == config.ProblemSet(source="worked.jsonl", limit=5)
    assert recipe.problems["test"] == config.ProblemSet(source="worked.jsonl[:1]")


def test_the_resolved_recipe_is_the_same_recipe_with_every_default(here: Path) -> None:
    recipe = config.load("r.yaml", ["name='1e3'", "report_to=none"])
    text = config.resolved_yaml(recipe)
    (here / "resolved.yaml").write_text(text)
    assert config.load("resolved.yaml") == recipe
    assert config.resolved_yaml(config.load("resolved.yaml")) == text
    read = yaml.safe_load(text)  # by any YAML reader
    assert read["name"] == "1e3"
    assert (
        read["stages"]["sft"] | {"model": "base", "problems": "train", "limit": None} == read["stages"]["sft"]
    )
    options = {field.name for field in dataclasses.fields(methods.get_method("sft").Config)}
    assert set(read["stages"]["sft"]) == {"method", "model", "problems", "limit"} | options


def test_an_unknown_recipe_gets_a_suggestion(here: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'quickstart'"):
        config.load("quikstart")
    with pytest.raises(ValueError, match=r"mine\.yaml: there is no such file"):
        config.load("mine.yaml")


def test_a_runs_folder_stands_for_its_recipe(here: Path) -> None:
    (here / "runs" / "small").mkdir(parents=True)
    (here / "runs" / "small" / "recipe.yaml").write_text(config.resolved_yaml(config.load("r.yaml")))
    assert config.load("runs/small") == config.load("r.yaml")


def test_a_run_goes_on_where_its_folder_is_and_a_renamed_one_begins_elsewhere(here: Path) -> None:
    moved, runs = here / "elsewhere" / "old", Path("runs")
    moved.mkdir(parents=True)
    assert config.run_folder(str(moved), "small", [], runs) == moved
    assert config.run_folder(str(moved), "small", ["sft.limit=3"], runs) == moved
    assert config.run_folder(str(moved), "new", ["name=new"], runs) == runs / "new"
    assert config.run_folder("r.yaml", "small", [], runs) == runs / "small"
    assert config.run_folder(str(moved), "small", [], Path("others")) == Path("others/small")
    (here / "quickstart").mkdir()
    assert config.run_folder("quickstart", "quickstart", [], runs) == runs / "quickstart"


@pytest.mark.parametrize("name", recipes.recipe_names())
def test_every_shipped_recipe_passes_its_own_checks(name: str, here: Path, data_dir: Path) -> None:
    recipe = config.load(name, [f"model={here / 'MODEL'}"])
    assert recipe.name == name
    assert recipes.recipe_summary(name)
    assert f"numerate run {name}" in recipes.recipe_text(name)


def test_measuring_needs_no_recipe_file(here: Path) -> None:
    (here / "a_b.jsonl").write_text(PLAIN)
    (here / "a-b.jsonl").write_text(PLAIN)
    settings = {"seed": 2, "evaluate": {"samples": 4}}
    recipe = config.make_eval_recipe(
        "eval-m", "MODEL", ["asked.jsonl", "./a-b.jsonl", "a-b.jsonl"], 7, settings
    )
    assert list(recipe.problems) == ["asked", "a-b", "a-b-2"]
    assert recipe.evaluate.models == ("base",) and recipe.evaluate.problems == tuple(recipe.problems)
    assert recipe.problems["asked"].limit == 7 and recipe.evaluate.samples == 4
    with pytest.raises(ValueError, match="command line, prompt: there is no prompt style"):
        config.make_eval_recipe("eval-m", "MODEL", ["asked.jsonl"], None, {"prompt": "plan"})
