"""numerate compare: runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numerate.cli.report import plain_title
from tests.command_line import METRICS, call


@pytest.fixture
def two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "metrics.json").write_text(json.dumps(METRICS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compare_puts_runs_side_by_side(two_runs: Path) -> None:
    done = call("compare", "one", "runs/two", "--metric", "accuracy", "--json", "c.json")
    assert done.exit_code == 0, done.output
    _, about, head, _, base, sft = done.stdout.splitlines()
    assert about == "test: accuracy" and head.split() == ["model", "one", "two"]
    assert base.split()[0] == "base" and sft.count("42.1% [37.8, 46.5] n=500") == 2
    rows = json.loads((two_runs / "c.json").read_text())["rows"]
    assert [row["cells"][0]["value"] for row in rows] == [0.1, 0.421]


def test_titles_keep_their_abbreviations() -> None:
    shown = {
        "Accuracy, difference": "accuracy, difference",
        "AUC within, prm": "AUC within, prm",
        "RR.MajK@4, orm": "RR.MajK@4, orm",
        "Maj1.TopN@2": "Maj1.TopN@2",
        "pass@32": "pass@32",
    }
    assert {title: plain_title(title) for title in shown} == shown


def test_compare_refuses_one_run_and_unknown_metrics(two_runs: Path) -> None:
    assert "takes two or more runs" in call("compare", "one").stderr
    for options, message in (
        (("--metric", "loss"), "--metric loss: not in these runs; there are: accuracy; pass@32\n"),
        (("--metric", "acuracy"), "--metric acuracy: not in these runs; did you mean 'accuracy'?\n"),
        (("--model", "stf"), "--model stf: not in these runs; did you mean 'sft'?\n"),
        (
            ("--model", "SFT", "--metric", "Accuracy"),
            "--model SFT: not in these runs; there are: base; sft\n",
        ),
    ):
        done = call("compare", "one", "two", *options)
        assert (done.exit_code, done.stderr) == (2, f"error: {message}")
    assert "there is no such folder" in call("compare", "one", "three").stderr
    Path("three").mkdir()
    assert "no metrics.json" in call("compare", "one", "three").stderr
