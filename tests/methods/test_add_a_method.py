"""docs/add-a-method.md does what it says: its method, its recipe and its tests run as they stand there."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from numerate import config, methods
from tests.methods import test_contract as contract
from tests.methods.arms import PATH, game
from tests.methods.cases import CASES, arm
from tests.methods.toy import job as toy_job
from tests.methods.toy import stage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-method.md"
METHOD, LINE, TESTS, CASE = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
(RECIPE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
NAME = "weighted_reinforce"
MODULE = f"numerate.methods.{NAME}"


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The method of the page, in a file among the methods and in their table."""
    (tmp_path / f"{NAME}.py").write_text(METHOD)
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])
    monkeypatch.setattr(methods, "METHODS", methods.METHODS | dict(re.findall('"(.*?)": "(.*?)"', LINE)))
    yield methods.get_method(NAME)
    del sys.modules[MODULE]
    delattr(methods, NAME)


def test_the_method_is_short(added: Any) -> None:
    """Without its head: imports, options, and blank lines."""
    body = METHOD[METHOD.index("def advantages") :]
    assert len([line for line in body.splitlines() if line.strip()]) < 30


def test_its_recipe_runs(added: Any, tmp_path: Path) -> None:
    """A tiny stage of it: the model that it starts from, the sizes and the reward are others."""
    path = tmp_path / "w-reinforce.yaml"
    path.write_text(RECIPE)
    small = ["rl.steps=2", "rl.sample={problems: 4, rollouts: 4, max_tokens: 12}", f"rl.rewards=[{PATH}]"]
    recipe = config.load(str(path), small, out=tmp_path)
    run = stage(tmp_path / "run")
    added.train(run, recipe.stages["rl"].options, replace(game(tmp_path), model="base"))
    logged = [json.loads(line) for line in (run.folder / "metrics.jsonl").open()]
    assert [row["train/updates"] for row in logged] == [1, 1]


def test_a_judge_learns_from_its_rollouts(added: Any, tmp_path: Path) -> None:
    path = tmp_path / "w-reinforce.yaml"
    judge = "  orm: {method: outcome_reward_model, model: sft, rollouts: rl, fit: {epochs: 1, batch: 8}}\n"
    path.write_text(RECIPE.replace("evaluate:", f"{judge}evaluate:"))
    small = ["rl.steps=3", "rl.sample={problems: 4, rollouts: 4, max_tokens: 24}"]
    stages = config.load(str(path), small, out=tmp_path).stages
    work = replace(toy_job(tmp_path), stage_folder=lambda name: tmp_path / name)
    added.train(stage(tmp_path / "rl"), stages["rl"].options, work)
    methods.get_method("outcome_reward_model").train(stage(tmp_path / "orm"), stages["orm"].options, work)
    assert (tmp_path / "orm" / "metrics.jsonl").read_text()


def test_its_case_keeps_the_contract(added: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, NAME, arm(NAME, ast.literal_eval(f"{{{CASE}}}")[NAME]))
    for i, test in enumerate(
        (contract.test_it_learns, contract.test_killed_and_resumed_equals_uninterrupted)
    ):
        test(tmp_path / str(i), NAME)
    contract.test_micro_batches_and_packing_change_nothing(tmp_path / "c", NAME, monkeypatch)


def test_its_recipe_is_what_the_shipped_one_becomes(added: Any, tmp_path: Path) -> None:
    """The other way to use it that the page names."""
    recipe = config.load("grpo", [f"rl.method={NAME}"], out=tmp_path)
    assert type(recipe.stages["rl"].options) is added.Config
    assert yaml.safe_load(RECIPE)["stages"]["rl"]["method"] == NAME


def test_its_tests_pass_and_a_wrong_sign_turns_them_red(added: Any, tmp_path: Path) -> None:
    file = tmp_path / "test_weighted_reinforce.py"
    file.write_text(TESTS)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec and spec.loader
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    found = [getattr(tests, name) for name in dir(tests) if name.startswith("test_")]
    assert len(found) == 2
    for test in found:
        test()
    kept = added.loss
    added.loss = lambda model, batch: (-kept(model, batch)[0], {})
    with pytest.raises(AssertionError):
        tests.test_the_loss_by_hand()
