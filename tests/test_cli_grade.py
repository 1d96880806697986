"""numerate grade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numerate.answers import ladder
from tests.test_cli import call

ROWS = [
    {"id": 1, "reference": "1/2", "candidate": "0.5"},
    {"id": 2, "reference": "24", "solution": "48/2=24 clips. #### 24"},
    {"id": 3, "reference": "24", "candidate": "25"},
]


def test_grade_writes_a_verdict_per_line_in_order(tmp_path: Path) -> None:
    file, out = tmp_path / "in.jsonl", tmp_path / "new" / "out.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    done = call("grade", str(file), "--out", str(out), "--json", str(tmp_path / "n.json"))
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(v["id"], v["correct"]) for v in verdicts] == [(1, True), (2, True), (3, False)]
    assert verdicts[1]["answer"] == "24" and all("how" in v for v in verdicts)
    assert "2 of 3 right (66.7%)" in done.stderr
    assert json.loads((tmp_path / "n.json").read_text()) == {
        "right": 2, "wrong": 1, "bad": 0, "errors": 0,
    }  # fmt: skip
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.jsonl"]


def test_grade_says_which_lines_are_bad_grades_the_others_and_exits_with_1() -> None:
    text = json.dumps(ROWS[0]) + "\n{]\n\n" + json.dumps({"candidate": "1"}) + "\n"
    done = call("grade", "-", input=text)
    assert done.exit_code == 1
    first, *bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["correct"] is True and [row["line"] for row in bad] == [2, 4]
    assert "-:2: not JSON" in done.stderr and "2 lines could not be read" in done.stderr


def test_grade_names_a_missing_file_a_folder_and_a_file_that_it_would_overwrite(tmp_path: Path) -> None:
    done = call("grade", str(tmp_path / "none.jsonl"))
    assert done.exit_code == 2 and "does not exist" in done.stderr
    done = call("grade", str(tmp_path))
    assert done.exit_code == 2 and "is a folder" in done.stderr
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps(ROWS[0]))
    done = call("grade", str(file), "--out", str(tmp_path / "." / "in.jsonl"))
    assert done.exit_code == 2 and "is the file that is read" in done.stderr
    assert json.loads(file.read_text()) == ROWS[0]


def test_an_error_inside_the_grader_is_a_row_with_its_input_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(normal: str) -> str:
        raise TypeError("a bug")

    monkeypatch.setattr(ladder, "rewritten", fails)
    ladder._short_tree.cache_clear()
    rows = [ROWS[2], {"id": "bad", "reference": "\\sqrt{5}", "candidate": "5^{1/2}"}, ROWS[1]]
    file, out, counts = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "n.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = call("grade", str(file), "--workers", "1", "--out", str(out), "--json", str(counts))
    assert done.exit_code == 1
    wrong, error, right = [json.loads(line) for line in out.read_text().splitlines()]
    assert (wrong["correct"], right["correct"]) == (False, True)
    assert error == {
        "id": "bad", "correct": False, "answer": "5^{1/2}", "how": "error", "exception": "TypeError: a bug",
        "reference": "\\sqrt{5}", "candidate": "5^{1/2}",
    }  # fmt: skip
    assert "1 of 3 right" in done.stderr and "1 answers met an error inside the grader" in done.stderr
    assert "TypeError: a bug, at" in done.stderr and "5^{1/2}" in done.stderr
    assert json.loads(counts.read_text()) == {"right": 1, "wrong": 1, "bad": 0, "errors": 1}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_used_to_end_a_file_is_graded(tmp_path: Path, workers: str) -> None:
    pairs = [
        ("3", "3" + "\\frac3" * 20),
        ("0.877582561890373", "cos(0,5)"),
        ("2432902008176640000", "2.43290200817664e+18"),
        ("5", "\ud800"),
        ("5", " " * 5_000 + "x"),
        ("1", "((" * 3_000),
    ]
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"reference": reference, "candidate": candidate}) for reference, candidate in pairs]
    file.write_bytes(("\n".join(lines) + "\n").encode() + b'{"reference": "5", "candidate": "\xff\xfe"}\n')
    done = call("grade", str(file), "--workers", workers, "--out", str(out))
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [v["correct"] for v in verdicts] == [False, False, True, False, False, False, False]
    done = call("grade", str(file))
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 7
