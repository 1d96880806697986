"""Reward against accuracy on the page, and the alarm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fake_run import make

from numerate import report
from numerate.report import hacking
from numerate.report.read import read_run

HOSTILE = "</script><img src=x onerror=alert(1)>\x00"


def logged(folder: Path, rows: list[dict[str, Any]]) -> Path:
    made = make(folder, count=4, samples=0, models=("base",), sets=("test",), stages=("ei",))
    (made / "stages" / "ei" / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


def rounds(alarms: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"round": t, "reward/mean": 1 + 0.1 * t, "rollouts/accuracy": 0.5 - 0.01 * t}
        | ({"alarm/hacking": 1.0, "hacking": alarms[t]} if t in alarms else {})
        for t in range(20)
    ]


def shown(reward: float, text: str = "I am right", problem: str = "train-0001") -> dict[str, Any]:
    return {"problem_id": problem, "index": 3, "reward": reward, "text": text}


def test_an_alarm_is_told_at_the_top_and_shows_what_was_paid(tmp_path: Path) -> None:
    alarms = {
        12: {"rounds": 10, "rollouts": [shown(2.5, HOSTILE), shown(0.5), shown(0.25)]},
        13: {"rounds": 11, "rollouts": [shown(3.25, "the very best", "gone")]},
        19: {"rounds": 4, "rollouts": []},
    }
    run = read_run(logged(tmp_path / "run", rounds(alarms)))
    [found] = hacking.watched_stages(run)
    assert [(o.reward, o.round, o.problem_id) for o in found.overpaid] == [
        ("3.25", 13, "gone"),
        ("2.5", 12, "train-0001"),
        ("0.5", 12, "train-0001"),
    ]
    assert "at step 12, over the last 10 steps, and at 2 later steps" in found.alarm
    assert hacking.alarm_spans(run.stages[-1].alarms) == [(11.5, 13.5), (18.5, 19.5)]
    html = report.build(run.folder).read_text(encoding="utf-8")
    assert html.index("Possible reward hacking") < html.index('id="summary"')
    assert "the very best" in html and "<img" not in html and "&lt;img" in html
    assert run.problems["train"]["train-0001"].question.split(",")[0] in html
    assert "Reward and accuracy of stage ei" in html


def test_without_an_alarm_there_are_the_curves_alone(tmp_path: Path) -> None:
    html = report.build(logged(tmp_path / "run", rounds({}))).read_text(encoding="utf-8")
    assert "Possible reward hacking" not in html and "Reward and accuracy of stage ei" in html


def test_a_reward_that_is_the_right_answer_has_nothing_to_compare(tmp_path: Path) -> None:
    same = [{"round": t, "reward/mean": 0.1 * t, "rollouts/accuracy": 0.1 * t} for t in range(5)]
    html = report.build(logged(tmp_path / "run", same)).read_text(encoding="utf-8")
    assert "No stage with a reward other than the right answer" in html


def test_a_malformed_alarm_does_not_stop_the_page(tmp_path: Path) -> None:
    odd = {3: {"rounds": "x", "rollouts": [7, {"reward": None}, {"reward": 1}]}, 4: {}}
    [found] = hacking.watched_stages(read_run(logged(tmp_path / "run", rounds(odd))))
    assert [(o.reward, o.text) for o in found.overpaid] == [("1", "")]
