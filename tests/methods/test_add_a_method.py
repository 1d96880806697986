"""docs/add-a-method.md does what it says: its method, its recipe and its tests run as they stand there."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from numerate import config, methods
from tests.methods.arms import early_letters, game
from tests.methods.toy import stage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-method.md"
METHOD, LINE, TESTS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
(RECIPE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
NAME = "weighted_reinforce"
MODULE = f"numerate.methods.{NAME}"


def often_early(completions: Sequence[str], **columns: Any) -> list[float]:
    """Right where more than a tenth of the characters are letters from a to m."""
    return [float(share > 0.1) for share in early_letters(completions)]


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The method of the page, in a file among the methods and in their table."""
    (tmp_path / f"{NAME}.py").write_text(METHOD)
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])
    monkeypatch.setattr(methods, "METHODS", methods.METHODS | dict(re.findall('"(.*?)": "(.*?)"', LINE)))
    yield methods.get(NAME)
    del sys.modules[MODULE]
    delattr(methods, NAME)


def test_the_method_is_short(added: Any) -> None:
    """Without its head: imports, options, and blank lines."""
    body = METHOD[METHOD.index("def advantages") :]
    assert len([line for line in body.splitlines() if line.strip()]) < 30


def test_its_stage_of_the_recipe_learns_a_game(added: Any, tmp_path: Path) -> None:
    """The model of the stage, the options and the reward are changed; the stage is the page's."""
    path = tmp_path / "w-reinforce.yaml"
    path.write_text(RECIPE)
    small = ["rl.steps=15", "rl.sample={problems: 4, attempts: 4, max_tokens: 12}", "rl.fit={lr: 2e-2}"]
    reward = "rl.rewards=[tests.methods.test_add_a_method.often_early]"
    recipe = config.load(str(path), [*small, reward], out=tmp_path)
    run = stage(tmp_path / "run")
    added.train(run, recipe.stages["rl"].options, replace(game(tmp_path), model="base"))
    rewards = [json.loads(line)["reward/mean"] for line in (run.folder / "metrics.jsonl").open()]
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 1


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
