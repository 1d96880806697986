"""numerate eval: the recipe that it runs, and the names of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from numerate import config, run
from numerate.cli import eval
from numerate.models import locate
from numerate.rollouts.local import LocalOptions
from numerate.rollouts.tool_options import ToolOptions
from numerate.types import Rollout
from tests.command_line import METRICS, call
from tests.small_recipe import make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


def test_eval_runs_a_recipe_that_trains_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []

    def fake(recipe: config.Recipe, folder: Path, *_: Any) -> dict[str, Any]:
        got.extend([recipe, folder])
        return METRICS

    monkeypatch.setattr(run, "work_through", fake)
    done = call("eval", "MODEL", "-p", "asked.jsonl", "-n", "4", "--limit", "9", "--no-greedy")
    assert done.exit_code == 0, done.output
    recipe, folder = got
    assert folder == Path("runs/eval-MODEL") and recipe.stages == {}
    assert (recipe.model, recipe.problems["asked"].limit) == ("MODEL", 9)
    assert (recipe.evaluate.samples, recipe.evaluate.greedy) == (4, False)
    assert recipe.engine == LocalOptions()


def test_eval_and_solve_lend_a_calculator(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []
    monkeypatch.setattr(run, "work_through", lambda recipe, *_: got.append(recipe.engine) or METRICS)
    monkeypatch.setattr(eval, "draw_samples", lambda *given: got.append(given[5]) or [Rollout("q", 0, ())])
    assert call("eval", "MODEL", "-p", "asked.jsonl", "--calculator").exit_code == 0
    assert call("solve", "MODEL", "3 + 5?", "--calculator").exit_code == 0
    assert got == [LocalOptions(calculator=True)] * 2
    there = call("solve", "MODEL", "3 + 5?", "--calculator", "--engine", "http://localhost:9")
    assert "--calculator is for --engine local, not for server" in there.stderr


def test_eval_and_solve_run_the_programs_of_a_model(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[Any] = []
    monkeypatch.setattr(run, "work_through", lambda recipe, *_: chosen.append(recipe.engine) or METRICS)
    monkeypatch.setattr(eval, "draw_samples", lambda *words: chosen.append(words[5]) or [Rollout("q", 0, ())])
    assert call("eval", "MODEL", "-p", "asked.jsonl", "--tools", "mario").exit_code == 0
    assert call("solve", "MODEL", "3 + 5?", "--tools", "mario").exit_code == 0
    assert chosen == [LocalOptions(tools=ToolOptions(format="mario"))] * 2
    wrong = call("eval", "MODEL", "-p", "asked.jsonl", "--tools", "hermes")
    assert wrong.exit_code == 2 and "error: --tools hermes: expected one of 'mario'" in wrong.stderr


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("runs/quickstart/stages/ei/model", "quickstart-ei"),
        ("./runs/a b/stages/sft/model/", "a-b-sft"),
        ("Qwen/Qwen2.5-0.5B", "Qwen2.5-0.5B"),
        ("numerate/pico", "pico"),
        ("/", "model"),
        ("../..", "model"),
    ],
)
def test_a_models_short_name_is_a_folder_name(model: str, name: str) -> None:
    assert locate.short_name(model) == name
