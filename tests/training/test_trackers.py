from __future__ import annotations

from pathlib import Path

import pytest

from numerate.progress import QuietProgress
from numerate.training import Stage, open_tracker


class Notes:
    def __init__(self) -> None:
        self.rows: list[tuple[str, int, dict[str, float]]] = []

    def log(self, name: str, step: int, stats: dict[str, float]) -> None:
        self.rows.append((name, step, stats))

    def close(self) -> None: ...


def test_a_tracker_sees_every_row_with_its_stage_and_round(tmp_path: Path) -> None:
    notes = Notes()
    run = Stage(tmp_path / "stages" / "ei", 0, QuietProgress(), tracker=notes)
    for round_ in run.rounds(2):
        run.log({"a/b": 0.5 + round_})
        run.sub(f"round-{round_}/fit").log({"train/loss": 2.0})
    assert notes.rows == [
        ("ei", 0, {"a/b": 0.5}),
        ("ei/round-0/fit", 0, {"train/loss": 2.0}),
        ("ei", 1, {"a/b": 1.5}),
        ("ei/round-1/fit", 0, {"train/loss": 2.0}),
    ]


def test_a_tracker_that_is_not_installed_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(ValueError, match="pip install wandb"):
        open_tracker("wandb", tmp_path, "run", {})


def test_no_tracker_is_no_tracker(tmp_path: Path) -> None:
    assert open_tracker("none", tmp_path, "run", {}) is None
