"""numerate solve: votes, and checks before anything loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate.cli import eval
from numerate.types import Problem, Rollout, Sampling, Turn
from tests.command_line import call
from tests.small_recipe import make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


def test_solve_votes(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    def drawn(model: str, problem: Problem, n: int, params: Sampling, *_: Any) -> list[Rollout]:
        answers = ["8", "9", "8.0", None][:n]
        return [
            Rollout(problem.id, i, (Turn("assistant", f"sample {i}", trained=True),), answer=answer)
            for i, answer in enumerate(answers)
        ]

    monkeypatch.setattr(eval, "draw_samples", drawn)
    done = call("solve", "MODEL", "3 + 5?", "-n", "4", "--json", "s.json")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "sample 0"
    assert [line.split() for line in lines[4:6]] == [["8", "2", "50%"], ["9", "1", "25%"]]
    assert lines[6].startswith("(no answer)")
    assert [v["votes"] for v in json.loads((here / "s.json").read_text())["votes"]] == [2, 1, 1]


def test_solve_checks_before_it_loads(here: Path) -> None:
    assert "problem is empty" in call("solve", "MODEL", " ").stderr
    assert "did you mean 'plain'" in call("solve", "MODEL", "1+1?", "--prompt", "plan").stderr
    assert "no such directory" in call("solve", "./nowhere", "1+1?").stderr
