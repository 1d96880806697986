"""The command line: help, mistakes and exit codes of all commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from numerate import run
from numerate.cli.app import ORDER, app, describe_error
from tests.command_line import REPOSITORY, call
from tests.small_recipe import make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


@pytest.mark.parametrize("command", ORDER)
def test_help_teaches_within_80_columns(command: str) -> None:
    told = call(command, "--help").stdout
    assert max(map(len, told.splitlines())) <= 80
    assert "Examples:" in told or command in ("schema", "doctor")


def test_the_list_of_commands_is_in_the_order_of_use_and_not_cut_off() -> None:
    told = call("--help").stdout
    places = [told.index(f"\n  {command} ") for command in ORDER]
    assert places == sorted(places)
    assert "..." not in told.partition("Commands:")[2]


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys\nfrom numerate.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'pydantic', 'yaml', 'pyarrow', 'mpmath') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistake_is_one_block_without_traceback_and_code_2(here: Path) -> None:
    done = call("run", "r.yaml", "sft.fit.epocs=2", "ei.steps=many")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "2 errors:",
        "  on the command line, 'sft.fit.epocs=2', stages.sft.fit.epocs: unknown key 'epocs'; "
        "did you mean 'epochs'?",
        "  on the command line, 'ei.steps=many', stages.ei.steps: expected a whole number, not the text "
        "'many'",
    ]
    assert done.stdout == "" and not (here / "runs").exists()


def test_a_single_mistake_begins_with_error() -> None:
    assert call("recipes", "none").stderr.startswith("error: there is no recipe 'none'")


def test_the_traceback_shows_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERATE_DEBUG", "1")
    assert isinstance(call("recipes", "none").exception, ValueError)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numerate.recipes.recipe_names", lambda: 1 / 0)
    assert isinstance(call("recipes").exception, ZeroDivisionError)


def test_ctrl_c_says_how_to_go_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", interrupted)
    done = call("run", "r.yaml")
    assert done.exit_code == 130
    assert "the same command resumes" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_extra_is_named_with_its_command() -> None:
    error = ModuleNotFoundError("No module named 'transformers'", name="transformers.models")
    assert describe_error(error) == "this needs transformers: pip install 'numerate[train]'"
    assert describe_error(ModuleNotFoundError(name="numerate.nonsense")) == ""


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "numerate.recipes.recipe_names", lambda: (_ for _ in ()).throw(OSError(28, "No space left", "runs/x"))
    )
    done = call("recipes")
    assert (done.exit_code, done.stderr) == (2, "error: runs/x: No space left\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rum", "quickstart"), "there is no command 'rum'; did you mean 'run'?"),
        (("evalute", "x"), "there is no command 'evalute'; did you mean 'eval'?"),
        (("train",), "there is no command 'train'; did you mean 'run'?"),
        (("quickstart",), "there is no command 'quickstart'; to run that recipe: numerate run quickstart"),
        (
            ("mine.yaml", "--dry-run"),
            "there is no command 'mine.yaml'; to run that recipe: numerate run mine.yaml",
        ),
        (("xyz",), "there is no command 'xyz'; there are: compare, doctor, eval, grade, judge"),
        (("grade", "x.jsonl", "--fallback", "nun"), "--fallback nun: choose "),
    ],
)
def test_a_misspelt_command_is_one_line_with_a_suggestion(words: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 2 and done.output.startswith(f"error: {message}")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Cannot allocate memory (os error 12)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_too_little_memory_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(run, "run", fail)
    done = call("run", "r.yaml", "--quiet")
    assert done.exit_code == 1
    assert "out of memory" in done.output and "the same command resumes" in done.output


def test_an_error_of_ours_keeps_its_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a tensor of the wrong shape")

    monkeypatch.setattr(run, "run", fail)
    assert isinstance(call("run", "r.yaml", "--quiet").exception, RuntimeError)
