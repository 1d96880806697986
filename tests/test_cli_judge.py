"""numerate judge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from numerate import judges, problems
from numerate.problems.labelled.labelled_steps import load
from numerate.types import Problem
from tests import tiny
from tests.command_line import call
from tests.judges.models import scored_by

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


def test_every_odd_solution_has_an_outcome_of_its_own(prm: Path, orm: Path, tmp_path: Path) -> None:
    long = "\n".join(f"step {i} " + "x" * 20 for i in range(9))
    solutions = ["", "#### 5", long, "a\nb", "\ud800 ok", "y" * 9999]
    file = write(tmp_path / "in.jsonl", [row(i, text) for i, text in enumerate(solutions)])
    done = call("judge", str(prm), str(file), "-o", str(tmp_path / "prm.jsonl"), "--json", "-")
    assert done.exit_code == 0, done.output
    empty, stepless, overlong, fine, odd, giant = read(tmp_path / "prm.jsonl")
    assert empty == {"id": 0, "scores": [], "steps": [], "score": 0.0, "note": "empty"}
    assert stepless == {"id": 1, "scores": [], "steps": [], "score": 0.0, "note": "no_steps"}
    assert overlong["note"] == "overlong" and overlong["dropped"] == 9 - len(overlong["scores"]) > 0
    assert "note" not in fine and odd["steps"] == ["? ok"]
    assert giant == {"id": 5, "scores": [], "steps": [], "score": 0.0, "note": "overlong", "dropped": 1}
    counts = json.loads(done.stdout)
    dropped = overlong["dropped"] + 1
    told = {"scored": 6, "empty": 1, "no_steps": 1, "overlong": 2, "dropped": dropped, "bad": 0}
    assert counts == told
    assert f"2 longer than the scorer's context: late steps have no score ({dropped} of them)" in done.stderr
    call("judge", str(orm), str(file), "-o", str(tmp_path / "orm.jsonl"))
    found = read(tmp_path / "orm.jsonl")
    assert [len(one["scores"]) for one in found] == [1] * 6
    assert found[0]["score"] == 0.0 and 0 < found[1]["score"] < 1
    assert found[2]["dropped"] == overlong["dropped"]


def test_lines_that_cannot_be_read_are_told_and_the_others_are_scored(prm: Path, tmp_path: Path) -> None:
    rows = [
        row(1),
        "{]",
        "",
        [1],
        {"id": 2, "solution": "a"},
        {"id": 3, "question": QUESTION},
        {"question": QUESTION, "solution": "a"},
        row(1),
        row(4, question=" "),
        {"id": 5, "question": QUESTION, "solution": 7},
        "[" * 100_000,
        row(6),
    ]
    file = write(tmp_path / "in.jsonl", rows)
    done = call("judge", str(prm), str(file))
    assert done.exit_code == 1
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("line", "fine") for one in found] == ["fine", 2, 4, 5, 6, 7, 8, 9, 10, 11, "fine"]
    said = {one["line"]: one["error"] for one in found if "error" in one}
    assert said[2].startswith("not JSON") and "expected an object" in said[4]
    assert '"question" is missing' in said[5] and said[6] == '"solution" is missing; expected text'
    assert '"id" is missing' in said[7] and "is already on an earlier line" in said[8]
    assert said[9] == '"question" is empty' and said[10] == '"solution" is 7; expected text'
    assert f"{file}:2: not JSON" in done.stderr and "9 lines could not be read" in done.stderr


def test_killed_and_resumed_equals_uninterrupted(
    prm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between two blocks, one within a line, and one that leaves half a block."""
    monkeypatch.setattr("numerate.judges.score_jsonl.BLOCK", 4)
    rows = [row(i, f"{i}+1={i + 1}\n" * (i % 3 + 1)) for i in range(10)]
    file = write(tmp_path / "in.jsonl", [*rows[:5], "{]", *rows[5:]])
    whole = tmp_path / "whole.jsonl"
    assert call("judge", str(prm), str(file), "-o", str(whole)).exit_code == 1
    lines = whole.read_bytes().splitlines(keepends=True)
    for left in (lines[:4], [*lines[:4], lines[4][:7]], [*lines[:5], lines[5][:-1]], lines[:6], lines):
        out = tmp_path / "cut.jsonl"
        out.write_bytes(b"".join(left))
        (tmp_path / "cut.jsonl.judge.json").write_bytes((tmp_path / "whole.jsonl.judge.json").read_bytes())
        done = call("judge", str(prm), str(file), "-o", str(out))
        assert done.exit_code == 1 and "1 line could not be read" in done.stderr, done.output
        assert out.read_bytes() == whole.read_bytes()


def test_a_file_of_scores_is_not_mixed_with_others(prm: Path, orm: Path, tmp_path: Path) -> None:
    file, out = write(tmp_path / "in.jsonl", [row(1)]), tmp_path / "out.jsonl"
    assert call("judge", str(prm), str(file), "-o", str(out)).exit_code == 0
    before = out.read_text()
    for words in ([str(orm), str(file)], [str(prm), str(file), "--aggregate", "min"]):
        done = call("judge", *words, "-o", str(out))
        assert done.exit_code == 2 and "has scores of another scorer" in done.stderr
    other = write(tmp_path / "other.jsonl", [{"mine": 1}])
    done = call("judge", str(prm), str(file), "-o", str(other))
    assert done.exit_code == 2 and "was not written by this command" in done.stderr
    done = call("judge", str(prm), str(file), "-o", str(file))
    assert done.exit_code == 2 and "is the input file" in done.stderr
    out.write_text("nonsense\n" + before)
    done = call("judge", str(prm), str(file), "-o", str(out))
    assert done.exit_code == 2 and "line 1: not a row of scores" in done.stderr


def test_the_oracle_judges_problems_of_a_set(tmp_path: Path) -> None:
    story = problems.load("stories/test", limit=1)[0]
    rows = [
        {"id": story.id, "solution": story.solution},
        {"id": "b", "problem_id": story.id, "solution": "1+1=3\n#### 3"},
        {"id": "c", "problem_id": "nobody", "solution": "1"},
    ]
    file = write(tmp_path / "in.jsonl", rows)
    done = call("judge", "oracle", str(file), "-p", "stories/test[:5]")
    right, wrong, unknown = [json.loads(line) for line in done.stdout.splitlines()]
    assert (right["score"], wrong["score"]) == (1.0, 0.0)
    assert "no problem of the set has the id 'nobody'" in unknown["error"]
    done = call("judge", "oracle", str(file))
    assert done.exit_code == 2 and "the oracle needs the problems" in done.stderr


def test_a_class_that_the_judge_lacks_is_refused(prm: Path, orm: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", [row(1)])
    done = call("judge", str(prm), str(file), "--neutral", "drop")
    assert done.exit_code == 2 and "has two classes" in done.stderr
    done = call("judge", str(orm), "--marked", "processbench/gsm8k")
    assert done.exit_code == 2 and "does not score labelled steps" in done.stderr
    done = call("judge", str(prm), str(file), "--aggregate", "mean")
    assert done.exit_code == 2 and "one of avg, prod, max, min, last" in done.stderr
    done = call("judge", str(tmp_path / "none"), str(file))
    assert done.exit_code == 2 and "there is no such folder" in done.stderr
    done = call("judge", str(prm))
    assert done.exit_code == 2 and "give a FILE" in done.stderr


def test_what_is_no_judge_is_told_with_what_to_name(prm: Path, tmp_path: Path) -> None:
    """A language model, a folder above the judge, a slip of the pen, the file in its place, and no file."""
    file = write(tmp_path / "in.jsonl", [row(1)])
    model = tiny.make(tmp_path / "lm")
    train = "name the model/ folder of a stage that trained one (`numerate run verifier` trains three)"
    for name, said in (
        (
            "numerate/pico",
            f"numerate/pico is not a reward model: it is a language model without judge.json; {train}",
        ),
        (str(model), f"{model} is not a reward model: it is a language model without judge.json; {train}"),
        (str(tmp_path), f"{tmp_path} is not a reward model: it is a folder without judge.json; {train}"),
        ("Qwen/Qwen2.5-0.5B", f"'Qwen/Qwen2.5-0.5B' is not a reward model: there is no such folder; {train}"),
        (str(prm.parent), f"{prm.parent} is not a reward model: name {prm}"),
        (str(file), f"'{file}' is not a reward model: it is a file; {train}"),
        ("oracel", "'oracel' is not a reward model; did you mean 'oracle'?"),
        ("", f"'' is not a reward model: there is no such folder; {train}"),
    ):
        done = call("judge", name, str(file))
        assert done.exit_code == 2 and said in done.stderr, (name, done.stderr)
    done = call("judge", str(prm), str(tmp_path))
    assert done.exit_code == 2 and "is a folder: name a JSONL" in done.stderr
    done = call("judge", "oracle", "--marked", "processbench/gsm8k")
    assert done.exit_code == 2 and "the oracle does not score labelled steps" in done.stderr


def test_a_broken_judge_is_told_before_it_is_opened(prm: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", [row(1)])
    head, card = "head.safetensors", "judge.json"
    for name, content, said in (
        (head, None, "a reward model of kind process needs head.safetensors, which is missing"),
        (head, (prm / head).read_bytes()[:90], "head.safetensors is not a safetensors file"),
        (card, (prm / card).read_bytes().replace(b": 1,", b": 3,"), "judge.json has classes: 3"),
        (card, b'{"kind": "proces"}', "judge.json, kind: Input should be 'outcome', 'process'"),
        (card, b"{", "judge.json: not JSON"),
        ("config.json", None, "no config.json"),
    ):
        broken = tmp_path / "broken"
        shutil.copytree(prm, broken)
        (broken / name).unlink()
        if content is not None:
            (broken / name).write_bytes(content)
        done = call("judge", str(broken), str(file))
        assert done.exit_code == 2 and said in done.stderr, (name, done.stderr)
        with pytest.raises(ValueError, match="broken"):
            judges.load(broken)
        shutil.rmtree(broken)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_a_line_is_told(prm: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_bytes(content)
    done = call("judge", str(prm), str(file), "--out", str(tmp_path / "out.jsonl"))
    assert done.exit_code == 1 and f"{file} holds no line: write" in done.stderr
    done = call("judge", str(prm), "--marked", str(file))
    assert done.exit_code == 2 and "has no labelled steps" in done.stderr


def test_bytes_that_are_no_text_are_told_line_by_line(prm: Path, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\x00\xff\xfe\n" + json.dumps(row(1)).encode() + b"\nPAR1\x15\x04\n")
    done = call("judge", str(prm), str(file))
    assert done.exit_code == 1
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("line", "fine") for one in found] == [1, "fine", 3]


def test_neutral_steps_count_as_asked(tmp_path: Path) -> None:
    scored_by(tmp_path, classes=3).save(tmp_path / "three")
    file = write(tmp_path / "in.jsonl", [row(1)])
    found: dict[str, float] = {}
    for neutral in ("positive", "negative"):
        done = call("judge", str(tmp_path / "three"), str(file), "--neutral", neutral)
        found[neutral] = json.loads(done.stdout)["scores"][0]
    assert found["negative"] < found["positive"] == call_default(tmp_path, file)


def call_default(folder: Path, file: Path) -> float:
    return json.loads(call("judge", str(folder / "three"), str(file)).stdout)["scores"][0]


def test_labelled_steps_measure_a_judge(prm: Path, tmp_path: Path) -> None:
    """Against F1 and AUC counted here from the judge's scores."""
    steps = [["a", "b\nb", "c"], ["d", "e"], ["f", "g", "h"], ["i"]]
    first = [1, -1, 0, -1]
    rows = [{"problem": QUESTION, "steps": s, "label": f} for s, f in zip(steps, first, strict=True)]
    file = write(tmp_path / "marked.jsonl", rows)
    judge = judges.load(prm)
    scores = [one.scores for one in judge.marked(load(str(file)))]  # pyright: ignore[reportAttributeAccessIssue]
    assert [len(one) for one in scores] == [3, 2, 3, 1]
    at = sorted(x for one in scores for x in one)[4]
    called = [next((k for k, x in enumerate(one) if x < at), -1) for one in scores]
    bad = [called[0] == 1, called[2] == 0]
    fine = [called[1] == -1, called[3] == -1]
    a, b = sum(bad) / 2, sum(fine) / 2
    done = call("judge", str(prm), "--marked", str(file), "--threshold", str(at), "--json", "-")
    assert done.exit_code == 0, done.output
    found = {one["metric"]: one for one in json.loads(done.stdout)["results"]}
    assert found["first_error_f1"]["value"] == pytest.approx(2 * a * b / (a + b) if a + b else 0)
    right = [scores[0][0], *scores[1], scores[3][0]]
    wrong = [scores[0][1], scores[2][0]]
    above = sum((x > y) + (x == y) / 2 for x in right for y in wrong) / (len(right) * len(wrong))
    assert found["step_auc"]["value"] == pytest.approx(above)
    squares = [(1 - x) ** 2 for x in right] + [x**2 for x in wrong]
    assert found["step_brier"]["value"] == pytest.approx(sum(squares) / 6)
    assert "F1 of first errors" in done.stderr and "needs solutions" not in done.stderr
    done = call("judge", str(prm), "--marked", str(file), "--limit", "1")
    assert done.exit_code == 0 and "needs solutions with an error and" in done.stderr
