"""Wrong inputs of benchmarks end with exit code 2 and a line about them, before anything is measured."""

from __future__ import annotations

import ast
import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import inputs
from tests.test_names import bound_names, is_forbidden, parameters

FOLDER = Path(inputs.__file__).parent


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def sit(*_: Any) -> None:
        raise AssertionError("a side was started")

    for name in (
        "real_model",
        "real_steps",
        "rollouts",
        "growth",
        "update",
        "sft_step",
        "grpo_step",
        "grader",
    ):
        monkeypatch.setattr(importlib.import_module(f"benchmarks.{name}"), "sit", sit)


def message_of(module: str, *arguments: str) -> str:
    """Returns the error of a benchmark's command line, on one line."""
    app = typer.Typer(rich_markup_mode=None)
    app.command()(importlib.import_module(f"benchmarks.{module}").main)
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"})
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps({"question": f"{n} + {n}?"}) + "\n" for n in range(8)))
    return file


PICO = str(FOLDER.parent / "src" / "numerate" / "assets" / "pico")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threads", "0"], "--threads: '0': expected whole numbers from 1"),
        (["--threads", "1,"], "--threads: '': expected whole numbers from 1"),
        (["--rows", "3"], "--rows: '3': expected multiples of 8"),
        (["--rows", "many"], "--rows: 'many': expected multiples of 8"),
        (["--dtypes", "foo"], "--dtypes: 'foo': choose from float32, bfloat16"),
        (["--sides", "vllm"], "--sides: 'vllm': choose from numerate, transformers"),
        (["--rounds", "0"], "'--rounds'"),
        (
            ["--json", "/no/such/folder/x.json"],
            "cannot write /no/such/folder/x.json: its folder does not exist",
        ),
    ],
)
def test_options_of_the_real_model(options: list[str], message: str, questions: Path) -> None:
    assert message in message_of("real_model", PICO, str(questions), *options)


def test_models_and_questions_of_the_real_model(questions: Path, tmp_path: Path) -> None:
    assert "no folder /no/model" in message_of("real_model", "/no/model", str(questions))
    assert "no config.json" in message_of("real_model", str(tmp_path), str(questions))
    assert "No such file" in message_of("real_model", PICO, str(tmp_path / "missing.jsonl"))
    lines = questions.read_text().splitlines()
    for line, message in (
        ('{"text": "x"}', "line 2: expected an object with a text in `question`"),
        ("[]", "line 2: expected an object with a text in `question`"),
        ("{", "line 2: no JSON"),
    ):
        questions.write_text("\n".join([lines[0], line, *lines[2:]]))
        assert message in message_of("real_model", PICO, str(questions))
    questions.write_text("\n".join(lines[:5]))
    assert "8 questions are needed, it has 5" in message_of("real_model", PICO, str(questions))


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("real_steps", ["--what", "ppo"], "--what: 'ppo': choose from sft, grpo"),
        ("real_steps", ["--threads", "x"], "--threads: 'x'"),
        ("real_steps", ["--steps", "0"], "--steps"),
        ("rollouts", ["--sizes", "7b"], "--sizes: '7b': choose from 1m, 5m, 25m"),
        ("rollouts", ["--samples", "0"], "--samples: '0'"),
        ("rollouts", ["--beside", "trl"], "--beside: 'trl': choose from transformers, vllm"),
        ("growth", ["--of", "time"], "--of: 'time': choose from questions, samples, length, size"),
        ("update", ["--rows", "0"], "--rows"),
        ("sft_step", ["--sizes", "x"], "--sizes: 'x'"),
        ("grpo_step", ["--size", "x"], "--size: 'x'"),
        ("ahead", ["/no/model"], "/no/model"),
        ("sft_step", ["--peer", "/no/python"], "no program /no/python"),
        ("accuracy", ["rows.jsonl", "--peer", "/no/python"], "no program /no/python"),
        ("gpu.__main__", ["--toy", "--json", "/no/such/x.json"], "its folder does not exist"),
        ("gpu.__main__", ["--toy", "--budget", "0"], "--budget"),
        ("step_labels", ["/no/run"], "there is no such folder"),
        ("first_errors", ["/no/judge"], "/no/judge"),
        ("judging", ["/no/judge"], "no folder /no/judge"),
        ("accuracy", ["/no/rows.jsonl"], "No such file"),
        ("fuzz_grader", ["--rows", "0"], "--rows"),
    ],
)
def test_options_of_the_others(
    module: str, options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERATE_DATA", "")
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "train.jsonl").write_text('{"question": "1 + 1?", "solution": "2"}\n')
    paths = [PICO, str(tmp_path)] if module == "real_steps" else []
    assert message in message_of(module, *paths, *options)


def test_lists_may_have_blanks() -> None:
    assert inputs.counts("--rows", "8, 32") == [8, 32]
    assert inputs.choices("--sizes", "1m, 5m", {"1m": 0, "5m": 0}) == ["1m", "5m"]


def test_names_of_benchmarks_are_of_the_field() -> None:
    wrong: list[str] = []
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = bound_names(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                names = [*names, *parameters(node)]
            wrong += [f"{file.name} {name}" for name in names if is_forbidden(name)]
    assert wrong == []
