"""numerate select."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from numerate.answers import answer
from tests.command_line import call

# the vote is right on a and lost on b, whose right answer has the best score; c has no answer at all
ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "answer": "5",
        "samples": [{"pred": p, "score": s} for p, s in (("5", 0.6), ("5.0", 0.5), ("7", 0.7))],
    },
    {
        "id": "b",
        "answer": "9",
        "samples": [{"pred": p, "score": s} for p, s in (("1", 0.2), ("1", 0.1), ("9", 0.8))],
    },
    {"id": "c", "answer": "2", "samples": [{"pred": None, "score": s} for s in (0.3, 0.3, 0.3)]},
]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_votes_and_strategies_of_a_file(tmp_path: Path) -> None:
    """RR.All hands in 7 and 9; W.RR 5 (1.1 against 0.7) and 9 (0.8 against 0.3)."""
    file, out = write(tmp_path / "in.jsonl", ROWS), tmp_path / "rows.json"
    done = call("select", file, "--json", str(out), env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    assert "3 problems, 3 samples each; 3 without an answer" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    rows = json.loads(out.read_text())["results"]
    assert {(row["model"], row["problems"]) for row in rows} == {("samples", "in.jsonl")}
    at = {(row["metric"], row["k"]): row["value"] for row in rows}
    assert at["pass_at_k", 3] == pytest.approx(2 / 3) and at["maj_at_k", 3] == pytest.approx(1 / 3)
    assert at["pass_at_k", 1] == pytest.approx((2 / 3 + 1 / 3) / 3)
    assert at["rerank_all_at_k", 3] == pytest.approx(1 / 3)
    assert at["weighted_at_k", 3] == pytest.approx(2 / 3)
    assert at["auc_within", 1] == pytest.approx((0 + 1) / 2)
    table = done.stdout[done.stdout.index("re-ranked") :].splitlines()
    assert table[1].split() == ["strategy", "n", "score"] and any(line.startswith("W.RR@3") for line in table)


def test_without_scores_there_are_votes_only(tmp_path: Path) -> None:
    bare = [row | {"samples": [{"pred": one["pred"]} for one in row["samples"]]} for row in ROWS]
    done = call("select", write(tmp_path / "in.jsonl", bare), "-k", "2")
    assert done.exit_code == 0 and "re-ranked" not in done.stdout
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[3:]}
    assert "55.56%" in lines["2"] and set(lines) == {"1", "2", "3"}  # pass@2: (1 + 2/3 + 0) / 3
    done = call("select", write(tmp_path / "in.jsonl", bare), "--json", "-")
    assert json.loads(done.stdout)["results"] and "3 problems" in done.stderr


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", ROWS)
    steps = [
        row | {"samples": [one | {"score": [0.5, one["score"]]} for one in row["samples"]]} for row in ROWS
    ]
    for words, said in (
        (["select", file, "-k", "4"], "-k 4: there are 3 samples per problem"),
        (["select", file, "--aggregate", "mean"], "--aggregate mean: expected one of"),
        (["select", str(tmp_path / "none")], "none does not exist: name files with samples"),
        (["select", str(tmp_path)], "is a folder: name files with samples"),
        (
            ["select", write(tmp_path / "s", steps)],
            "one score per step: choose their aggregation with --aggregate",
        ),
    ):
        done = call(*words)
        assert done.exit_code == 2 and said in done.stderr, done.output
    done = call("select", str(tmp_path / "s"), "--aggregate", "max")
    assert done.exit_code == 0 and "RR.All@3" in done.stdout


def test_contradictions_and_missing_samples_are_told(tmp_path: Path) -> None:
    rows = [{"id": i, "pred": "5", "correct": n == 1} for i in range(3) for n in range(2)]
    done = call("select", write(tmp_path / "in.jsonl", [*rows, {"id": "odd", "pred": "1", "correct": True}]))
    assert done.exit_code == 0
    assert "3 problems have equal answers with different verdicts" in done.stderr
    assert "1 problems have fewer samples and are left out: odd" in done.stderr


def test_an_error_inside_the_grader_is_counted_shown_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(normal: str) -> str:
        raise TypeError("a bug")

    rows = [{"id": "a", "reference": "\\sqrt{5}", "samples": [{"pred": p} for p in ("5^{1/2}", "\\sqrt{5}")]}]
    file = write(tmp_path / "in.jsonl", rows)
    assert call("select", file).exit_code == 0
    monkeypatch.setattr(answer, "rewrite_notations", fails)
    answer._short_tree.cache_clear()
    done = call("select", file)
    assert done.exit_code == 1 and "1 problem, 2 samples each" in done.stdout
    assert "TypeError: a bug, at" in done.stderr and "5^{1/2}" in done.stderr
    assert "caused an error of the grader" in done.stderr


def test_it_needs_no_torch(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", ROWS)
    code = f"""
import sys
for name in ("torch", "transformers", "datasets", "accelerate", "peft"):
    sys.modules[name] = None
from numerate.cli import main
sys.argv = ["numerate", "select", {file!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "W.RR@3" in done.stdout, done.stderr


def test_one_of_a_kind_and_equal_values(tmp_path: Path) -> None:
    """One problem whose sample is right; and one that is right in half of its samples: no interval."""
    done = call("select", write(tmp_path / "in.jsonl", [{"id": "a", "pred": "5", "correct": True}]))
    assert "1 problem, 1 sample each; 0 without an answer" in done.stdout
    assert "MajK" in done.stdout and "Majk" not in done.stdout
    rows = [{"id": "a", "pred": p, "correct": p == "5"} for p in "56"]
    done = call("select", write(tmp_path / "half.jsonl", rows))
    assert done.exit_code == 0 and "50.00%" in done.stdout and "[50.0, 50.0]" not in done.stdout
