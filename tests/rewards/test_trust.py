"""Which functions a recipe may run: nothing outside Numerate that whoever starts the run has not named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from numerate import config
from numerate.cli import app
from numerate.consent import Consent
from numerate.progress import make_progress
from numerate.rewards import compose, trust

RECIPE = """
name: rw
problems: {train: {source: 'stories/train[:8]'}, test: {source: stories/test, limit: 2}}
stages:
  rl: {method: grpo, steps: 1, rewards: [%s], sample: {problems: 1, rollouts: 2, max_tokens: 4}}
  value: {method: ppo, rewards: [%s]}
evaluate: {models: [rl], samples: 0, max_tokens: 4}
"""
MODULE = """
from pathlib import Path
Path("imported").touch()
from subprocess import getoutput
from functools import partial
import os
from json import loads

def f(completions):
    return [float(len(text)) for text in completions]

system = os.system
join = "".join
later = partial(getoutput)
write = Path("written").write_text
bound = partial(f)
numbers = loads
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(trust.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("mine_trust", "mine_trust_more", "subprocess_too"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("mine_trust.py", "mine_trust_more.py", "antigravity.py"):
        (tmp_path / name).write_text(MODULE)
    return tmp_path


def recipe(*paths: str, ppo: str = "numerate.rewards.shaping.repetition") -> str:
    Path("r.yaml").write_text(RECIPE % (", ".join(paths), ppo))
    return "r.yaml"


def test_untrusted_functions_are_named_with_the_flag_and_nothing_is_imported(here: Path) -> None:
    with pytest.raises(ValueError) as refused:
        config.load(recipe("correct", "mine_trust.f", ppo="mine_trust_more.f"))
    line = str(refused.value)
    assert line.count("\n") == 0
    assert "r.yaml:5, stages.rl.rewards: " in line
    assert "mine_trust.f, mine_trust_more.f" in line
    assert "--trust mine_trust --trust mine_trust_more (or NUMERATE_TRUST=mine_trust,mine_trust_more)" in line
    assert not Path("imported").exists()


@pytest.mark.parametrize("names", [("mine_trust",), ("mine_trust.f",)])
def test_trusted_functions_run(here: Path, names: tuple[str, ...]) -> None:
    assert config.load(recipe("mine_trust.f"), trust=names).stages
    assert Path("imported").exists()


def test_the_environment_trusts_as_the_flag_does(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(trust.VARIABLE, "other, mine_trust")
    assert config.load(recipe("mine_trust.f")).stages


@pytest.mark.parametrize("name", ["mine", "mine_tru", "mine_trust.g", "mine_trust_more"])
def test_a_name_covers_whole_words_only(here: Path, name: str) -> None:
    with pytest.raises(ValueError, match="--trust mine_trust "):
        config.load(recipe("mine_trust.f"), trust=[name])
    assert not Path("imported").exists()


@pytest.mark.parametrize(
    "path",
    ["subprocess.getoutput", "os.system", "builtins.eval", "posix.system", "antigravity.f", "_io.open"],
)
def test_the_standard_library_is_refused_whoever_is_trusted(here: Path, path: str) -> None:
    """Also where a file of that name lies in the current folder."""
    for names in ((), ("mine_trust",)):
        with pytest.raises(ValueError, match="standard library"):
            config.load(recipe(path), trust=names)
    with pytest.raises(ValueError, match=r"trust '.*standard library"):
        config.load(recipe("mine_trust.f"), trust=[path.partition(".")[0]])
    assert not Path("imported").exists()


@pytest.mark.parametrize("name", ["getoutput", "system", "join", "later", "write", "numbers", "Path"])
def test_what_a_trusted_module_only_passes_on_is_refused(here: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"standard library|built-in"):
        compose.find_function(f"mine_trust.{name}", ["mine_trust"])
    assert compose.find_function("mine_trust.bound", ["mine_trust"])


def test_functions_of_another_package_need_that_package_named(here: Path) -> None:
    Path("mine_trust_more.py").write_text("from mine_trust import f\n")
    with pytest.raises(
        ValueError, match=r"is mine_trust\.f, which is not trusted: start with --trust mine_trust"
    ):
        compose.find_function("mine_trust_more.f", ["mine_trust_more"])
    assert compose.find_function("mine_trust_more.f", ["mine_trust_more", "mine_trust"])


@pytest.mark.parametrize(
    "path",
    [
        "numerate.store.write_text",
        "numerate.rewards.compose.find_function",
        "numerate.rewards.shaping.find",
        "numerate.rewards.compose.import_module",
        "numerate.run.shutil.rmtree",
    ],
)
def test_of_this_package_only_rewards_run(here: Path, path: str) -> None:
    with pytest.raises(ValueError, match=r"numerate\.rewards\.shaping"):
        config.load(recipe(path), trust=["numerate"])


def test_a_run_of_a_recipe_made_in_python_is_held_to_it_too(here: Path) -> None:
    from numerate import run, shootout

    checked = config.load(recipe("mine_trust.f"), trust=["mine_trust"])
    with pytest.raises(ValueError, match="--trust mine_trust "):
        run.run(checked, here / "out", progress=make_progress(quiet=True))
    with pytest.raises(ValueError, match="--trust mine_trust "):
        compose.Rewards(("mine_trust.f",), "plain")([], [])
    assert not (here / "out").exists()
    both = (Path("r.yaml").read_text()).replace(
        "  value: {method: ppo", "  two: {method: grpo, steps: 1}\n  value: {method: ppo"
    )
    Path("r.yaml").write_text(both.replace("models: [rl]", "models: [base, rl, two, value]"))
    contest = config.load("r.yaml", trust=["mine_trust"])
    with pytest.raises(ValueError, match="--trust mine_trust "):
        shootout.run_shootout(contest, here / "out", [0], progress=make_progress(quiet=True))
    assert not (here / "out").exists()


def command(*words: str) -> Any:
    return CliRunner().invoke(app, [*words])


def test_commands_refuse_and_trust(here: Path) -> None:
    for words in (("run", recipe("mine_trust.f")), ("run", "r.yaml", "--dry-run"), ("shootout", "r.yaml")):
        done = command(*words)
        assert done.exit_code == 2 and "--trust mine_trust " in done.output and "Traceback" not in done.output
    assert not Path("imported").exists()
    done = command("run", "r.yaml", "--dry-run", "--trust", "mine_trust")
    assert done.exit_code == 0 and "mine_trust.f" in done.output and "trust:" not in done.output


def test_a_run_is_resumed_only_with_the_flag(here: Path) -> None:
    """Nothing that the first start trusted is written down for the second."""
    folder = here / "runs" / "rw"
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(
        config.resolved_yaml(config.load(recipe("mine_trust.f"), trust=["mine_trust"]))
    )
    done = command("run", "runs/rw", "--dry-run")
    assert done.exit_code == 2 and "--trust mine_trust " in done.output
    assert command("run", "runs/rw", "--dry-run", "--trust", "mine_trust").exit_code == 0


def test_seeds_that_run_at_the_same_time_are_trusted_alike(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numerate import parallel

    python = here / "python"
    python.write_text('#!/bin/sh\necho "$@" > words\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    checked = config.load(recipe("mine_trust.f"), trust=["mine_trust"])
    parallel.run_all(
        [(checked, here / "seed-0")], 1, make_progress(quiet=True), Consent(trust=("mine_trust",))
    )
    assert Path("words").read_text().split()[-1] == "--trust=mine_trust"


def test_a_file_in_the_current_folder_stands_in_for_no_library(here: Path) -> None:
    """Neither for one of the standard library nor for one that is installed, also under `python -m`."""
    for name in ("decimal", "typer", "yaml", "flash_attn"):
        (here / f"{name}.py").write_text("open('planted', 'w')\n")
    words = [sys.executable, "-m", "numerate", "run", recipe("correct"), "--dry-run"]
    env = os.environ | {"PYTHONPATH": str(Path(trust.__file__).parents[2])}
    done = subprocess.run(words, capture_output=True, text=True, env=env)
    assert done.returncode == 0 and "repetition" in done.stdout, done.stderr
    assert not (here / "planted").exists()


def test_a_trusted_name_that_covers_nothing_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMERATE_TRUST", raising=False)
    with pytest.raises(ValueError, match="mine_trusst is trusted, and does not include them"):
        config.load(recipe("mine_trust.f"), trust=["mine_trusst"])
