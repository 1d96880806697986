"""numerate eval --rerank-with, and the tables of what judges make of samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate.cli import selection_tables
from tests import tiny
from tests.command_line import call
from tests.judges.models import scored_by


def test_eval_lets_judges_choose_among_the_samples(tmp_path: Path) -> None:
    model = tiny.make(tmp_path / "base", context=512)
    scored_by(tmp_path, max_length=500).save(tmp_path / "mine" / "model")
    words = [
        "eval",
        str(model),
        "-p",
        "stories/test[:3]",
        "-n",
        "4",
        "--max-tokens",
        "12",
        "-q",
        "--no-greedy",
    ]
    words += ["--rerank-with", str(tmp_path / "mine" / "model"), "--rerank-with", "oracle"]
    done = call(*words, "--out", str(tmp_path / "runs"), env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    table = done.stdout[done.stdout.index("re-ranked") :].splitlines()
    assert table[1].split() == ["strategy", "n", "mine", "oracle"]
    firsts = [line.split("  ")[0] for line in table[3:]]
    assert firsts[:3] == ["maj@4", "RR.All@4", "RR.MajK@4"]
    assert any("best N (optimistic)" in line for line in table)
    assert "[" in table[4], "two judges have room for intervals"
    assert max(map(len, table)) <= 80
    [scores] = (tmp_path / "runs").glob("eval-*-base/evals/*-base/stories-test-3/scores")
    assert sorted(path.name for path in scores.iterdir()) == ["mine", "oracle"]


def test_eval_adds_value_guided_sampling_to_what_the_folder_has(tmp_path: Path) -> None:
    model = tiny.make(tmp_path / "base", context=512)
    words = ["eval", str(model), "-p", "stories/test[:3]", "-n", "4", "--max-tokens", "12", "-q"]
    words += ["--out", str(tmp_path / "runs")]
    guided = ["--guided-by", "oracle", "--beams", "2", "--candidates", "2"]
    for more in (["--rerank-with", "oracle"], guided, ["--rerank-with", "oracle"]):
        done = call(*words, *more)
        assert done.exit_code == 0, done.output
        assert ("Guided@4" in done.stdout) == (more == guided)
    [folder] = (tmp_path / "runs").glob("eval-*")
    rows = json.loads((folder / "metrics.json").read_text())["results"]
    metrics = [row["metric"] for row in rows if row.get("judge") == "oracle"]
    assert metrics.count("guided_at_k") == 1 and metrics.count("outlier_free_at_k") == 3
    assert "candidates: 2" in (folder / "recipe.yaml").read_text()
    done = call(*words, "--guided-by", "oracle")
    assert done.exit_code == 2 and "guided compares with 16 samples" in done.stderr
    done = call(*words, "--beams", "2")
    assert done.exit_code == 2 and "--beams is for --guided-by, which is missing" in done.stderr
    done = call(*words, "--guided-by", "absent")
    assert done.exit_code == 2 and "  --guided-by absent: 'absent' is neither" in done.stderr


def test_a_wrong_judge_is_told_before_anything_is_written(tmp_path: Path) -> None:
    model = tiny.make(tmp_path / "base")
    words = ["eval", str(model), "-p", "stories/test[:3]", "--out", str(tmp_path / "runs")]
    done = call(*words, "--rerank-with", str(model))
    assert done.exit_code == 2 and "is not a reward model: it is a language model" in done.stderr
    done = call(*words, "--rerank-with", "oracle", "-n", "0")
    assert done.exit_code == 2 and "samples is 0" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_judges_by_models_stand_in_a_table_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"model": m, "problems": "test", "metric": metric, "k": k, "value": value, "low": 0.1, "high": 0.9}
        | {"n": 4, "judge": judge}
        for judge, m, value in (("orm", "a", 0.25), ("orm", "b", 0.5), ("prm", "a", 0.75), ("prm", "b", 1.0))
        for k in (1, 2)
        for metric in ("rerank_all_at_k", "weighted_at_k")
    ]
    selection_tables.show_choices({"results": rows}, {"a": "base"})
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if "scorers by models" in line)
    assert lines[at] == "test: W.RR@2, scorers by models"
    assert [line.split() for line in lines[at + 1 :]] == [
        ["scorer", "base", "b"],
        ["------", 22 * "-", 23 * "-"],
        ["orm", "25.0%", "[10.0,", "90.0]", "n=4", "50.0%", "[10.0,", "90.0]", "n=4"],
        ["prm", "75.0%", "[10.0,", "90.0]", "n=4", "100.0%", "[10.0,", "90.0]", "n=4"],
    ]


def of(judge: str, value: float, **more: Any) -> list[dict[str, Any]]:
    """What one judge makes of one model's samples."""
    common = {"model": "sft", "problems": "test", "low": value - 0.05, "high": value + 0.05, "n": 40}
    both = [("rerank_all_at_k", 16), ("rerank_topk_at_k", 16), ("auc", 1), ("auc_within", 1)]
    rows = [common | {"metric": metric, "k": k, "value": value, "judge": judge} for metric, k in both]
    return [row | ({"limit": 8} if "topk" in row["metric"] else {}) | more for row in rows]


@pytest.mark.parametrize(("width", "blocks"), [(60, 7), (80, 4), (120, 3), (250, 1)])
def test_the_table_of_strategies_is_whole_on_any_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, blocks: int
) -> None:
    """Seven judges, beside each other or below each other; every figure with its interval, and n beside."""
    judges = ["orm", "prm", "evaluator", "oracle", "step-labels", "ovm", "last"]
    vote = {"model": "sft", "problems": "test", "metric": "maj_at_k", "k": 16, "value": 0.475}
    rows = [vote | {"low": 0.4, "high": 0.55, "n": 40}]
    rows += [
        vote | {"metric": "accuracy_on_sampled", "k": 1, "value": 0.325, "low": 0.2, "high": 0.5, "n": 40}
    ]
    rows += [row for i, judge in enumerate(judges) for row in of(judge, 0.05 + i / 10)]
    monkeypatch.setenv("COLUMNS", str(width))
    selection_tables.show_choices({"results": rows}, {})
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    heads = [line.split() for line in lines if line.startswith("strategy")]
    assert len(heads) == blocks and all(head[1] == "n" for head in heads)
    assert [name for head in heads for name in head[2:]] == judges
    text = "\n".join(lines)
    assert text.count("47.5% [40.0, 55.0]") == 7, "the vote is the same with every judge"
    assert text.count("32.5% [20.0, 50.0]") == 7, "so is the greedy answer on the same problems"
    for i in range(7):
        value = 5 + 10 * i
        assert text.count(f"{value}.0% [{value - 5}.0, {value + 5}.0], K 8") == 1
        assert text.count(f"0.{value:02d}0 [0.{value - 5:02d}0, 0.{value + 5:02d}0]") == 2
    assert all(line.split()[1] == "40" for line in lines if line.startswith(("maj@16", "RR.All@16")))


def test_judges_of_labelled_steps_have_intervals_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    common = {"model": "labelled", "problems": "marks", "k": 1, "value": 0.5, "judge": "prm"}
    rows = [
        common | {"metric": "step_auc", "low": 0.4, "high": 0.6, "n": 1200},
        common | {"metric": "first_error_f1", "low": 0.3, "high": 0.7, "n": 90},
    ]
    selection_tables.show_choices({"results": rows}, {})
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "F1 of first errors 90 0.500 [0.300, 0.700]" in lines
    assert "AUC of steps 1,200 0.500 [0.400, 0.600]" in lines
