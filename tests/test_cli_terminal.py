"""What models and data write reaches no terminal as anything but text."""

from __future__ import annotations

import doctest
import io
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import numerate
from numerate import config, progress, terminal
from numerate.cli import app
from numerate.cli import terminal as writing
from numerate.cli.eval import chosen_solution
from numerate.types import Rollout, Turn

EVIL = "\x1b]0;owned\x07\x1b[31mred\x1b[2J\r\x9b5m\u202egnp\u2066\u2028\x00\x7f"
SHOWN = "\\u001b]0;owned\\u0007\\u001b[31mred\\u001b[2J\\u000d\\u009b5m\\u202egnp\\u2066\\u2028\\u0000\\u007f"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(terminal).failed == 0


def test_what_a_terminal_obeys_is_shown() -> None:
    assert terminal.printable_text(EVIL) == SHOWN
    for text in ("tab\tand\nline", "Grüße, 数学 ±√2 👩\u200d🏫", ""):
        assert terminal.printable_text(text) == text
    assert terminal.printable_text("a\r\nb\udcff") == "a\nb\\udcff"
    assert json.loads(terminal.printable_text(json.dumps(EVIL, ensure_ascii=False))) == EVIL


def test_no_command_writes_past_the_one_place() -> None:
    folder = Path(numerate.__file__).parent
    for file in (folder / "cli").glob("*.py"):
        if file.name != "terminal.py":
            assert not re.search(
                r"typer\.echo\(|click\.echo\(|\bprint\(|yield sys\.stdout", file.read_text()
            ), file


def run(*words: str, stdin: str | None = None) -> Any:
    done = CliRunner().invoke(app, [*words], input=stdin)
    assert not OBEYED.search(done.output), repr(done.output)
    return done


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *rows: Any) -> str:
    Path(name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return name


def test_problems_are_shown(here: Path) -> None:
    problem = {"id": EVIL, "question": f"What {EVIL}?", "answer": "5", "solution": f"{EVIL}\n#### 5"}
    name = write("p.jsonl", problem, problem | {"id": f"{EVIL}2"})
    for words in (("--show", "1"), ("--check",), ("--show", "1", "--json", "-")):
        assert SHOWN[:20] in run("problems", name, *words).output
    broken = write("broken.jsonl", {"question": EVIL, "answer": [EVIL]})
    assert run("problems", broken).exit_code == 2


def test_graded_rows_are_the_same_values(here: Path) -> None:
    row = {"id": EVIL, "reference": "5", "solution": f"It is \\boxed{{5{EVIL}}}"}
    name = write("g.jsonl", row, {"id": 2, "error": EVIL})
    done = run("grade", name)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["id"] == EVIL
    run("grade", name, "--out", "verdicts.jsonl")
    kept = [json.loads(line) for line in Path("verdicts.jsonl").read_text().split("\n") if line]
    assert kept == lines
    assert run("grade", "-", stdin=Path(name).read_text()).exit_code == done.exit_code


def test_scored_and_selected_rows(here: Path) -> None:
    rows = [{"id": 1, "problem_id": EVIL, "solution": EVIL}, {"id": EVIL, "solution": 3}]
    assert run("judge", "oracle", write("s.jsonl", *rows), "-p", "stories/test").exit_code == 1
    sampled = [{"id": EVIL, "pred": EVIL, "correct": right, "answer": "1"} for right in (True, False)]
    run("select", write("r.jsonl", *sampled))


def test_errors_and_recipes(here: Path) -> None:
    assert run("run", "quickstart", f"name={EVIL}").exit_code == 2
    assert run("eval", f"no/{EVIL}", "-p", "stories/test").exit_code == 2
    source = "a\u202ebc.jsonl"
    write(source, {"question": "1+1?", "answer": "2"})
    done = run("run", "quickstart", f'problems.test="{source}"', "--dry-run")
    assert done.exit_code == 0
    assert yaml.safe_load(done.stdout)["problems"]["test"]["source"] == source
    assert config.load("quickstart", [f'problems.test="{source}"']).problems["test"].source == source


def test_a_solution_and_its_votes_are_shown(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rollout = Rollout("q", 0, (Turn("assistant", EVIL, trained=True),), answer=EVIL)
    monkeypatch.setattr("numerate.cli.eval.draw_samples", lambda *words: [rollout, rollout])
    done = run("solve", "numerate/pico", "1+1", "-n", "2")
    assert done.output.count(SHOWN[:30]) == 2 and chosen_solution([rollout], [{"sample": 0}]) == EVIL.strip()


def test_progress_warnings_and_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    plain = progress.PlainProgress(stream, every=0)
    plain.say(EVIL)
    with plain.task(EVIL, 2) as task:
        task.advance(1, answer=EVIL)
    rich = progress.RichProgress(stream)
    rich.say(EVIL)
    with rich.task("x", 2) as task:
        rich.say(EVIL)
    assert stream.getvalue().count(SHOWN) >= 4 and not OBEYED.search(stream.getvalue())
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    before = logging.getLogRecordFactory()
    try:
        writing.guard_output()
        for name in ("numerate", "some.library"):
            log = logging.Logger(name)
            log.addHandler(logging.StreamHandler(stream))
            log.warning("%s", EVIL)
    finally:
        logging.setLogRecordFactory(before)
    sys.excepthook(RuntimeError, RuntimeError(EVIL), None)
    assert stream.getvalue().count(SHOWN) == 3 and not OBEYED.search(stream.getvalue())
