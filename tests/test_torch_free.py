"""The check of the install without torch: it passes over recipes for one reason only."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from numerate.problems import dataset
from tests.command_line import call

SCRIPT = Path(__file__).parent.parent / ".ci" / "torch_free.py"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("torch_free", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(dataset, "is_installed", lambda: False)
    return module


def test_absent_datasets_are_a_reason(
    gate: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NUMERATE_DATA", raising=False)
    for recipe in ("gsm8k", "mawps"):
        done = call("run", recipe, "--dry-run", "--out", str(tmp_path))
        assert done.exit_code == 2 and gate.is_skip(done.stderr, data=False), done.stderr
        assert not gate.is_skip(done.stderr, data=True)


@pytest.mark.parametrize(
    "output",
    [
        "error: NUMERATE_DATA is set to '/x', which is not a folder: correct or unset it",
        "error: /x/a.jsonl has no problems: replace the file, or unset NUMERATE_DATA",
        "error: this needs torch: pip install 'numerate[train]'; or set NUMERATE_DATA",
        "2 errors:\n  a.yaml:1, x: a: a.jsonl is not in NUMERATE_DATA (not set): set NUMERATE_DATA to a "
        "folder with a.jsonl\n  stages.sft: there is no method 'sftt'",
        "2 errors:",
        "",
    ],
)
def test_other_faults_are_none(gate: ModuleType, output: str) -> None:
    assert not gate.is_skip(output, data=False)


def test_in_ci_absence_is_a_failure(
    gate: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path / "absent"))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="is not a folder"):
        gate.has_data()
    monkeypatch.setenv("CI", "")
    assert not gate.has_data()
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path))
    assert gate.has_data()
