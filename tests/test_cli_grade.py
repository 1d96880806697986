"""numerate grade."""

from __future__ import annotations

import json
from pathlib import Path

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
    assert json.loads((tmp_path / "n.json").read_text()) == {"right": 2, "wrong": 1, "bad": 0}
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
