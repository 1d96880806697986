"""The page as a file: what it says, what it survives, what it leaves out."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import asdict
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_run import attempt, make, problems

from numerate import report
from numerate.report import page, rollouts
from numerate.report.read import read_run
from numerate.report.rollouts import data_block
from numerate.store import write_rollouts
from numerate.types import Problem, Reward, Rollout, Scored, Step, Turn

HOSTILE = "</script><img src=x onerror=alert(1)> & \u2028 \x00 \u202egnp.exe 🙂 $x_{1}$"


def embedded(html: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert block is not None
    return json.loads(block[1])


def build(folder: Path) -> str:
    return report.build(folder).read_text(encoding="utf-8")


def test_the_page_shows_the_numbers_of_the_summary(orchard: Path, orchard_page: Path) -> None:
    html = orchard_page.read_text(encoding="utf-8")
    table = report.summary(json.loads((orchard / "metrics.json").read_text()))
    assert len(table.rows) == 6
    for row in table.rows:
        for cell in row.cells:
            assert cell is not None and cell.main in html and cell.interval in html


def test_the_same_run_gives_the_same_bytes(orchard: Path, orchard_page: Path) -> None:
    before = orchard_page.read_bytes()
    orchard_page.unlink()
    assert report.build(orchard).read_bytes() == before


def test_the_page_asks_nobody_for_anything(orchard_page: Path) -> None:
    html = orchard_page.read_text(encoding="utf-8")
    assert "default-src 'none'" in unescape(html)
    outside = re.sub(r"(?s)<script type=.*?</script>", "", html)
    assert not re.search(r"""(?:src|href)=["'](?!#|data:,)|@import|https?://""", outside)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", count=4, samples=0, models=("base",), stages=())
    problem = Problem("h" + HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    (folder / "problems" / "evil.jsonl").write_text(json.dumps(asdict(problem)) + "\n")
    turn = Turn("assistant", HOSTILE, (1,), (-0.5,), trained=True)
    steps = (Step(0, 5, HOSTILE[:5], label="wrong"),)
    scored = Scored(Rollout(problem.id, 0, (turn,), "stop", HOSTILE, steps), Reward(1.0, {HOSTILE: 1.0}))
    write_rollouts(folder / "evals" / "base" / "evil" / "greedy" / "part-00000.parquet", [scored])
    metrics = json.loads((folder / "metrics.json").read_text())
    evil = {"model": HOSTILE, "problems": HOSTILE, "metric": "accuracy", "k": 1, "value": 0.5, "n": 3}
    by = evil | {"by": HOSTILE, "group": HOSTILE + "</text></svg>"}
    metrics["results"] += [evil, by, evil | {"metric": "pass_at_k", "value": float("nan")}]
    metrics["run"][HOSTILE] = [HOSTILE, 10**400, float("inf")]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "recipe.yaml").write_text(
        json.dumps({"name": HOSTILE, "model": HOSTILE, "problems": {HOSTILE: HOSTILE}})
    )
    html = build(folder)
    assert "<img" not in html and "\x00" not in html and "\u2028" not in embedded_text(html)
    assert html.count("<script") == 2 and html.count("</script>") == 2
    [row] = [row for row in embedded(html)["rollouts"] if row["a"] == HOSTILE]
    assert [piece[1] for piece in row["t"]] == ["wrong", None]
    assert "".join(piece[0] for piece in row["t"]) == HOSTILE


def embedded_text(html: str) -> str:
    return html.partition('id="data">')[2].partition("</script>")[0]


def test_json_in_the_page_cannot_end_its_element() -> None:
    block = data_block([HOSTILE, "<!--<script>", "\ud800"])
    assert not set(block) & set("<>&\u2028\x00") and block.isascii()
    assert json.loads(block) == [HOSTILE, "<!--<script>", "\ud800"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        data_block(float("nan"))


def test_a_megabyte_of_text_is_cut_and_said_to_be_cut(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", count=4, samples=0, models=("base",), stages=())
    problem = problems("test", 1)[0]
    long = Turn("assistant", "9" * 1_000_000, (), (), trained=True)
    write_rollouts(
        folder / "evals" / "base" / "test" / "greedy" / "part-00000.parquet",
        [Scored(Rollout(problem.id, 0, (long,), "length"), Reward(0.0))],
    )
    html = build(folder)
    assert len(html) < 500_000 and "994,000 more characters" in html


def test_a_solution_that_was_begun_is_shown_and_graded_whole(tmp_path: Path) -> None:
    """The answer stands in what was given; the policy only ended."""
    folder = make(tmp_path / "run", count=2, samples=0, models=("base",), stages=())
    answer = problems("test", 2)[0].answer
    given, own = Turn("assistant", f"#### {answer}\n"), Turn("assistant", "", (2,), (-0.5,), trained=True)
    write_rollouts(
        folder / "evals" / "base" / "test" / "greedy" / "part-00000.parquet",
        [Scored(Rollout("test-0000", 0, (Turn("user", "How many?"), given, own), answer="x"), Reward(1.0))],
    )
    [row] = [row for row in embedded(build(folder))["rollouts"] if row["a"] == "x"]
    assert row["t"] == [[given.text, "prefix", None]] and row["g"] is True


def test_steps_are_cut_where_python_counts_characters(tmp_path: Path) -> None:
    """ "🙂🙂 a" is 4 characters in Python and 6 in JavaScript: the page gets pieces, not offsets."""
    folder = make(tmp_path / "run", count=2, samples=0, models=("base",), stages=())
    text = "🙂🙂 a\n2+2=5\n#### 5"
    steps = (Step(0, 4, "🙂🙂 a", label="unverifiable"), Step(5, 10, "2+2=5", score=0.25, label="wrong"))
    turns = (Turn("user", "How many?"), Turn("assistant", text, (), (), trained=True))
    write_rollouts(
        folder / "evals" / "base" / "test" / "greedy" / "part-00000.parquet",
        [Scored(Rollout("test-0000", 0, turns, "stop", "5", steps), Reward(0.0))],
    )
    [row] = [row for row in embedded(build(folder))["rollouts"] if row["a"] == "5"]
    assert row["t"] == [
        ["🙂🙂 a", "unverifiable", None],
        ["\n", None, None],
        ["2+2=5", "wrong", 0.25],
        ["\n#### 5", None, None],
    ]
    assert row["l"] is None


def test_what_a_calculator_wrote_is_part_of_the_text_and_a_tool_is_not() -> None:
    turns = [
        {"role": "user", "text": "1+1?", "trained": False},
        {"role": "assistant", "text": "<<1+1=", "trained": True},
        {"role": "assistant", "text": "2>>", "trained": False},
        {"role": "assistant", "text": "2", "trained": True},
        {"role": "tool", "text": "3", "trained": False},
        {"role": "assistant", "text": " so 4", "trained": True},
    ]
    joined = rollouts.join_turns(turns)
    assert [(turn["text"], turn["trained"], turn["tool"], turn["called"]) for turn in joined] == [
        ("<<1+1=2>>2", True, False, True),
        ("3", False, True, False),
        (" so 4", True, False, False),
    ]


def test_the_sample_has_every_model_both_results_and_the_same_problems(orchard: Path) -> None:
    run = read_run(orchard)
    found = rollouts.embed_rollouts(run, cap=120)
    assert len(found.rows) == 120 and found.total == 24 * (3 * 2 * (1 + 8)) + 24 * 8 * 3
    assert all(taken == 8 for taken, _ in found.by_source.values()), "15 sources share 120 places"
    greedy = {
        model: {row["p"] for row in found.rows if row["m"] == model and row["d"] == "greedy"}
        for model in run.models
    }
    assert greedy["base"] == greedy["sft"] == greedy["ei"]
    samples = [row for row in found.rows if row["m"] == "sft" and row["d"] == "samples"]
    assert {row["r"] for row in samples} == {True, False}


def test_a_page_that_holds_only_some_rollouts_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "run", count=4, samples=4, models=("base",), sets=("test",), stages=())
    monkeypatch.setattr(page, "embed_rollouts", lambda run: rollouts.embed_rollouts(run, cap=10))
    assert "has 10 of the 20 rollouts" in " ".join(build(folder).split())


def test_the_size_is_bounded_too(orchard: Path) -> None:
    found = rollouts.embed_rollouts(read_run(orchard), cap=2000, size=20_000)
    assert 0 < len(found.rows) < 100
    assert len(data_block({"rollouts": found.rows, "problems": found.problems})) < 22_000


def test_diversity_of_a_round_is_counted_from_its_rollouts(tmp_path: Path) -> None:
    """Two problems: texts a a b c (3 different) and a a (1): 2 in the mean. Right: 3 of 6."""
    from numerate.report.rounds import training_rounds

    def one(problem: str, index: int, text: str, reward: float) -> Scored:
        return Scored(Rollout(problem, index, (Turn("assistant", text, trained=True),)), Reward(reward))

    rows = [one("p", i, text, float(i < 2)) for i, text in enumerate("aabc")] + [
        one("q", 0, "a", 1.0),
        one("q", 1, "a", 0.0),
    ]
    folder = tmp_path / "run"
    write_rollouts(folder / "stages" / "ei" / "rollouts" / "round-002" / "part-00000.parquet", rows)
    [found] = training_rounds(read_run(folder))
    assert (found.stage, found.round, found.seen) == ("ei", 2, 6)
    assert found.exact == pytest.approx(2.0) and found.accuracy == pytest.approx(0.5)


def test_an_unfinished_run_says_what_is_open(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", count=4, samples=4)
    (folder / "metrics.json").unlink()
    (folder / "stages" / "ei" / "DONE.json").unlink()
    with (folder / "stages" / "ei" / "metrics.jsonl").open("a") as log:
        log.write('{"round": 3, "rollouts/acc')
    html = " ".join(build(folder).split())
    assert "Stage <bdi>ei</bdi>: unfinished." in html and "No results." in html


def test_a_run_with_a_recipe_only_has_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "recipe.yaml").write_text("name: fresh\nstages: {sft: {method: sft}}\n")
    html = build(folder)
    for said in (
        "No results.",
        "No stage has a log",
        "No samples.",
        "No rollouts.",
    ):
        assert said in html
    assert 'id="data"' not in html


def test_a_torn_line_of_a_log_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "run" / "stages" / "sft" / "metrics.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"round": 0, "train/loss": 2.5}\n{"round": 1, "tr\n{"round": 2, "train/loss": NaN}\n')
    [stage] = read_run(tmp_path / "run").stages
    assert [curve.points for curve in stage.series["train/loss"]] == [((0.0, 2.5),)]


def test_a_model_with_a_slash_in_its_name_is_known_from_the_results(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    rows = [{"model": "hub/name", "problems": "gsm8k/test", "metric": "accuracy", "value": 0.5}]
    one = [Scored(Rollout("p", 0, (Turn("assistant", "4", trained=True),)), Reward(None))]
    for model in ("hub/name", "other"):
        write_rollouts(folder / "evals" / model / "gsm8k" / "test" / "greedy" / "part-00000.parquet", one)
    (folder / "metrics.json").write_text(json.dumps({"results": rows}))
    found = [(source.model, source.problems) for source in read_run(folder).sources]
    assert found == [("hub/name", "gsm8k/test"), ("other", "gsm8k/test")]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the folder of a run"):
        report.build(tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_the_remedy_is_named(orchard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numerate.report.find_spec", lambda name: None if name == "matplotlib" else object())
    with pytest.raises(ValueError, match=r"needs matplotlib: pip install 'numerate\[report\]'"):
        report.build(orchard)


def test_tables_need_neither_matplotlib_nor_jinja() -> None:
    code = (
        "import sys; from numerate import report; report.summary({'results': []});"
        "bad = {'matplotlib', 'jinja2', 'pyarrow', 'torch'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_attempt_of_the_toy_world_is_what_it_says() -> None:
    problem = problems("test", 1)[0]
    scored = attempt(problem, 0, False, random.Random(1), True, "base")
    assert scored.rollout.steps and all(
        scored.rollout.text[step.start : step.end] == step.text for step in scored.rollout.steps
    )
