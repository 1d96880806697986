"""numerate judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import judges
from numerate.types import Problem
from tests.judges.models import scored_by
from tests.test_cli import call

QUESTION = "What is 2+3?"


def row(number: int, solution: str = "2+3=5\nSo 5.\n#### 5", **more: Any) -> dict[str, Any]:
    return {"id": number, "question": QUESTION, "solution": solution, **more}


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def prm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prm")
    scored_by(folder, aggregation="prod").save(folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def orm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orm")
    scored_by(folder, kind="outcome").save(folder / "model")
    return folder / "model"


def test_scores_are_the_judges_own_and_stand_in_the_order_of_the_file(prm: Path, tmp_path: Path) -> None:
    solutions = ["a\nb\nc\n#### 1", "a", "2+3=5\nSo 5.\n#### 5"]
    file = write(tmp_path / "in.jsonl", [row(i, s) for i, s in enumerate(solutions)])
    done = call("judge", str(prm), str(file), "--out", str(tmp_path / "out.jsonl"), "-q")
    assert done.exit_code == 0, done.output
    found = read(tmp_path / "out.jsonl")
    said = judges.load(prm).score([Problem("p", QUESTION, "")] * 3, solutions)
    assert [one["id"] for one in found] == [0, 1, 2]
    for one, expected in zip(found, said, strict=True):
        assert one["scores"] == pytest.approx(expected.scores, abs=1e-5)
        assert one["steps"] == [step.text for step in expected.steps]
    assert found[1]["score"] == found[1]["scores"][0]
    a, b, c = found[0]["scores"]
    assert found[0]["score"] == pytest.approx(a * b * c)
    assert "3 solutions scored" in done.stderr
