"""Files that commands read and write: what is wrong with one is known before anything begins."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from numerate.cli import options
from tests.command_line import call

ANSWERS = '{"id": 1, "reference": "1/2", "candidate": "0.5"}\n'
SAMPLES = '{"id": 1, "answer": "5", "samples": [{"pred": "5"}, {"pred": "4"}]}\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.jsonl").write_text(ANSWERS)
    (tmp_path / "samples.jsonl").write_text(SAMPLES)
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("grade answers.jsonl --json folder", "folder is a folder: name a file to write to"),
        ("grade answers.jsonl --out folder", "folder is a folder: name a file to write to"),
        ("select samples.jsonl --json folder", "folder is a folder: name a file to write to"),
        ("schema --out folder", "folder is a folder: name a file to write to"),
        ("solve numerate/pico x --json folder", "folder is a folder: name a file to write to"),
        ("run quickstart --json folder", "folder is a folder: name a file to write to"),
        ("grade answers.jsonl --out samples.jsonl/x", "samples.jsonl is a file, not a folder"),
        ("run quickstart --out samples.jsonl", "samples.jsonl is a file, not a folder"),
        ("eval numerate/pico -p svamp --out samples.jsonl/x", "samples.jsonl is a file, not a folder"),
        ("grade answers.jsonl --json answers.jsonl", "--json answers.jsonl is the input file"),
        ("grade answers.jsonl --out ./answers.jsonl", "--out answers.jsonl is the input file"),
        ("grade answers.jsonl --out x --json x", "--json x is the file of --out"),
        ("select samples.jsonl --json samples.jsonl", "--json samples.jsonl is the input file"),
        ("judge oracle answers.jsonl -p stories/test --json answers.jsonl", "is the input file"),
        ("select samples.jsonl ./samples.jsonl", "samples.jsonl is named 2 times"),
        ("problems svamp --against gsm8k/test", "--against needs --check"),
        ("eval numerate/pico -p svamp -n 0 --no-greedy", "--no-greedy with 0 samples evaluates nothing"),
        ("run folder", "folder: a folder without recipe.yaml: name a recipe file, or the folder of a run"),
        ("recipes quikstart", "there is no recipe 'quikstart'; did you mean 'quickstart'?"),
        ("compare nowhere elsewhere", "nowhere: there is no such folder"),
    ],
)
def test_a_wrong_place_is_one_line_before_anything_begins(here: Path, command: str, words: str) -> None:
    done = call(*command.split())
    assert done.exit_code == 2 and words in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    assert (here / "answers.jsonl").read_text() == ANSWERS
    assert (here / "samples.jsonl").read_text() == SAMPLES
    assert sorted(path.name for path in here.iterdir()) == ["answers.jsonl", "folder", "samples.jsonl"]


def test_a_folder_that_cannot_be_written_to_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the system's answer is replaced."""
    monkeypatch.setattr(
        options.os, "access", lambda path, mode: not (mode & os.W_OK and Path(path).name == "folder")
    )
    done = call("grade", "answers.jsonl", "--out", "folder/x/y.jsonl")
    assert done.exit_code == 2 and "the folder" in done.stderr and "is not writable" in done.stderr
    done = call("run", "quickstart", "--out", "folder")
    assert done.exit_code == 2 and "is not writable" in done.stderr


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("command", ["grade", "select", "problems", "judge oracle -p stories/test"])
def test_utf_16_is_named(here: Path, command: str, encoding: str) -> None:
    (here / "wide.jsonl").write_bytes(("\ufeff" + ANSWERS).encode(encoding))
    done = call(*command.split(), "wide.jsonl")
    assert done.exit_code == 2 and "not valid UTF-8" in done.stderr and "UTF-16" in done.stderr


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_bytes_of_another_encoding_are_located(here: Path, name: str) -> None:
    (here / "rows.jsonl").write_bytes(b'{"question": "caf\xe9?", "answer": "2"}\n')
    (here / "rows.csv").write_bytes(b"question,answer\n1+1?,2\ncaf\xe9?,2\n")
    done = call("problems", name)
    at = "line 1: expected one JSON object per line, found text" if name == "rows.jsonl" else "line 3:"
    byte = 18 if name == "rows.jsonl" else 4
    assert (
        done.exit_code == 2 and f"{name} {at} not valid UTF-8 (byte {byte}): save it as UTF-8" in done.stderr
    )


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_nothing_to_grade_is_no_success(here: Path, text: str) -> None:
    (here / "empty.jsonl").write_text(text)
    done = call("grade", "empty.jsonl")
    assert done.exit_code == 1 and "empty.jsonl holds no line: write" in done.stderr
    done = call("grade", "-", input=text)
    assert done.exit_code == 1 and "stdin holds no line: write" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--served-as", "x"], "--served-as is for --engine server, not for local"),
        (["--engine", "vllm", "--slots", "3"], "--slots is for --engine local, not for vllm"),
        (["--engine", "http://localhost:1", "--calculator"], "--calculator is for --engine local"),
        (["--engine", "localhost:8000/v1"], "write the address of a server as http://localhost:8000/v1"),
        (["--engine", "lokal"], "--engine lokal: expected one of 'local', 'server', 'vllm'"),
    ],
)
def test_an_engine_without_that_option_is_refused_by_the_options_name(
    here: Path, words: list[str], message: str
) -> None:
    done = call("eval", "numerate/pico", "-p", "svamp", *words)
    assert done.exit_code == 2 and message in done.stderr and "unknown key" not in done.stderr


def test_a_model_that_is_a_file_is_called_one(here: Path) -> None:
    done = call("eval", "folder/../samples.jsonl", "-p", "stories/test")
    assert done.exit_code == 2 and "that is a file; name the directory" in done.stderr


def test_a_name_that_only_the_hub_could_know_comes_with_what_is_near(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numerate.models import hub

    def unknown(name: str) -> None:
        raise ValueError(f"model {name!r}: the hub has no model of this name")

    monkeypatch.setattr(hub, "check_hub_model", unknown)
    stage = here / "runs" / "small" / "stages" / "sft" / "model"
    stage.mkdir(parents=True)
    (here / "runs" / "small" / "recipe.yaml").write_text("name: small\n")
    (stage / "config.json").write_text(json.dumps({"model_type": "llama"}))
    done = call("eval", "small", "-p", "stories/test")
    assert done.exit_code == 2 and "runs/small: that is the folder of a run: name one of" in done.stderr
    assert "runs/small/stages/sft/model" in done.stderr
    assert "did you mean numerate/pico?" in call("eval", "pico", "-p", "stories/test").stderr
    assert "of this name\n" in call("eval", "other", "-p", "stories/test").stderr
