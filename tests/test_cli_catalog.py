"""numerate problems, recipes, schema and doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import call, in_a_process
from tests.small_recipe import make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


def test_problems_shows_and_checks_a_set(here: Path) -> None:
    twice = (here / "worked.jsonl").read_text()
    (here / "twice.jsonl").write_text(twice + twice.replace("What is", "what  is"))
    shown = call("problems", "worked.jsonl", "--show", "1")
    assert shown.exit_code == 0 and "What is 1+1?" in shown.stdout and "answer: 2" in shown.stdout
    clean = call("problems", "worked.jsonl", "--check", "--against", "asked.jsonl")
    assert clean.exit_code == 0, clean.output
    dirty = call("problems", "twice.jsonl", "--check", "--against", "worked.jsonl", "--json", "p.json")
    assert dirty.exit_code == 1
    assert json.loads((here / "p.json").read_text())["clean"] is False


def test_problems_names_the_lines_whose_answer_is_wrong(here: Path) -> None:
    rows = [
        {"question": "1+1?", "answer": "2"},
        {"question": "2+4?", "answer": "6", "solution": "So it is 5.\n#### 5"},
        {"question": "3+4?", "answer": "None"},
    ]
    (here / "wrong.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    checked = call("problems", "wrong.jsonl", "--check", "--against", "worked.jsonl", "--json", "p.json")
    assert checked.exit_code == 1
    assert "wrong.jsonl line 2: the solution ends in '5', the answer is '6'" in checked.stdout
    assert "wrong.jsonl line 3: the answer is 'None'" in checked.stdout
    facts = json.loads((here / "p.json").read_text())
    assert (facts["clean"], len(facts["contradictions"]), len(facts["unusable"])) == (False, 1, 1)


def test_problems_lists_what_is_known(tmp_path: Path) -> None:
    done = call("problems", "--json", str(tmp_path / "p.json"))
    names = [row["name"] for row in json.loads((tmp_path / "p.json").read_text())]
    assert {"stories", "gsm8k", "svamp"} <= set(names)
    assert all(name in done.stdout for name in names)


def test_recipes_lists_and_prints(tmp_path: Path) -> None:
    assert "quickstart" in call("recipes").stdout
    printed = call("recipes", "quickstart").stdout
    assert printed.startswith("# ") and "name: quickstart" in printed


def test_schema_is_json(tmp_path: Path) -> None:
    assert call("schema", "--out", str(tmp_path / "s.json")).stdout == ""
    assert json.loads((tmp_path / "s.json").read_text()) == json.loads(call("schema").stdout)


def test_doctor_looks_at_everything_also_without_torch(tmp_path: Path) -> None:
    done = in_a_process("doctor", "--json", "d.json", cwd=tmp_path, NUMERATE_DATA=str(tmp_path / "gone"))
    assert done.returncode == 0, done.stderr
    findings = {f["check"]: f for f in json.loads((tmp_path / "d.json").read_text())}
    assert findings["torch"]["status"] == "warn" and "numerate[train]" in findings["torch"]["remedy"]
    assert (
        findings["data"]["status"] == "warn"
        and "correct or unset NUMERATE_DATA" in findings["data"]["remedy"]
    )
    assert findings["python"]["status"] == "ok"
    assert "Remedies:" in done.stdout
