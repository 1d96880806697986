"""numerate run: what is refused, shown and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import config, run
from numerate.consent import Consent
from tests.command_line import METRICS, call, in_a_process, processor_time_of_children
from tests.small_recipe import RECIPE, make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("epochs: 2", "epocs: 2"), "r.yaml:9, stages.sft.fit.epocs"),
        (("train: worked.jsonl", "train: none.jsonl"), "r.yaml:4, problems.train"),
        (("train: worked.jsonl", "train: void.jsonl"), "r.yaml:4, problems.train"),
        (("model: sft", "model: nobody"), "r.yaml:12, stages.ei.model"),
        (("model: MODEL", "model: hollow"), "r.yaml:2, model"),
    ],
)
def test_a_bad_recipe_is_refused_at_once_without_torch(
    here: Path,
    edit: tuple[str, str],
    said: str,
) -> None:
    (here / "void.jsonl").write_text("")
    (here / "hollow").mkdir()
    (here / "hollow" / "config.json").write_text('{"model_type": "llama"}')
    (here / "r.yaml").write_text(RECIPE.replace(*edit))
    before = sorted(here.rglob("*"))
    start = processor_time_of_children()
    done = in_a_process("run", "r.yaml", cwd=here)
    assert processor_time_of_children() - start < 6.0  # about one on an idle machine; a model takes longer
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert sorted(here.rglob("*")) == before


def test_without_torch_a_run_says_what_to_install(here: Path) -> None:
    done = in_a_process("run", "r.yaml", cwd=here)
    assert done.returncode == 2
    assert "pip install 'numerate[train,report]'" in done.stderr and "Traceback" not in done.stderr
    assert not (here / "runs").exists()


def test_run_hands_over_the_recipe_and_shows_its_numbers(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: dict[str, Any] = {}

    def fake(recipe: config.Recipe, folder: Path, *, progress: Any, consent: Consent) -> dict[str, Any]:
        got.update(recipe=recipe, folder=folder, redo=consent.to_replace("this replaces completed work"))
        return METRICS

    monkeypatch.setattr(run, "run", fake)
    done = call("run", "r.yaml", "sft.limit=1", "--out", "elsewhere", "--json", "out/m.json", "--quiet")
    assert done.exit_code == 0, done.output
    assert got == {
        "recipe": config.load("r.yaml", ["sft.limit=1"]),
        "folder": Path("elsewhere/small"),
        "redo": False,
    }
    assert json.loads((here / "out" / "m.json").read_text()) == METRICS
    assert done.stdout.splitlines() == [
        "",
        "test",
        "model     accuracy, n=500      pass@32, n=500",
        "-----  ------------------  ------------------",
        "base    10.0% [8.0, 13.0]  60.0% [55.0, 65.0]",
        "sft    42.1% [37.8, 46.5]                   -",
        "",
        "test, paired on the same problems:",
        "model             accuracy, points, n=500             verdict",
        "----------------  -----------------------  ---------  -------",
        "sft against base     +32.1 [+27.0, +37.0]  p < 0.001  better",
    ]


def test_json_on_stdout_is_nothing_but_json(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run", lambda *_, **__: METRICS)
    done = call("run", "r.yaml", "--json", "-")
    assert json.loads(done.stdout) == METRICS
    assert "42.1%" in done.stderr


def test_a_dry_run_prints_a_recipe_that_loads_as_itself_and_writes_nothing(here: Path) -> None:
    before = sorted(here.rglob("*"))
    done = call("run", "r.yaml", "seed=5", "--dry-run")
    assert done.exit_code == 0 and sorted(here.rglob("*")) == before
    (here / "resolved.yaml").write_text(done.stdout)
    assert config.load("resolved.yaml") == config.load("r.yaml", ["seed=5"])


def test_a_dry_run_names_the_shared_options_without_use(here: Path) -> None:
    done = call("run", "r.yaml", "ei.kl.coef=0.1", "ei.clip.low=0.1", "--dry-run")
    assert done.stderr == "stage ei: expert_iteration does not use clip, kl\n"
    assert done.stdout == call("run", "r.yaml", "--dry-run").stdout
