"""The health of the stages on the page."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import rmtree
from typing import Any

from fake_run import make

from numerate import report
from numerate.metrics.health import BY_NAME
from numerate.report.health import stage_health
from numerate.report.read import read_run


def logged(folder: Path, rows: list[dict[str, Any]]) -> Path:
    made = make(folder, count=4, samples=0, models=("base",), sets=("test",), stages=("ei",))
    (made / "stages" / "ei" / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


def rounds(conditions: dict[int, Any]) -> list[dict[str, Any]]:
    return [
        {"round": t, "train/loss": 1.0} | ({"health": conditions[t]} if t in conditions else {})
        for t in range(6)
    ]


def test_conditions_have_when_and_what_to_do(tmp_path: Path) -> None:
    held = {2: {"truncated": 0.5}, 4: {"truncated": 0.6}, 5: {"zero_variance": 1.0, "truncated": 0.7}}
    run = read_run(logged(tmp_path / "run", rounds(held)))
    [one] = [one for one in stage_health(run) if one.conditions]
    assert all(c.holds for c in one.conditions)
    assert [(c.name, c.says, c.when) for c in one.conditions] == [
        (
            "truncated",
            "50% of the rollouts are truncated at the token limit",
            "from step 2 on, 3 of 6 rows of the log",
        ),
        (
            "zero_variance",
            "100% of the groups of the last 3 rows have zero variance of reward: no gradient",
            "at step 5, 1 of 6 rows of the log",
        ),
    ]
    html = report.build(run.folder).read_text(encoding="utf-8")
    assert html.index("Health of stage") < html.index('id="summary"')
    for name in ("truncated", "zero_variance"):
        assert BY_NAME[name].remedy.split(",")[0] in html.replace("&#39;", "'")


def test_what_has_passed_is_below_and_not_at_the_top(tmp_path: Path) -> None:
    html = report.build(logged(tmp_path / "run", rounds({1: {"kl": 0.9}}))).read_text(encoding="utf-8")
    assert "Health of stage" not in html and "is far from the reference policy: KL 0.9 nats" in html


def test_a_healthy_stage_and_a_malformed_log(tmp_path: Path) -> None:
    html = report.build(logged(tmp_path / "a", rounds({}))).read_text(encoding="utf-8")
    assert "No condition holds." in html and "Health of stage" not in html
    odd = {1: {"unknown": 1.0, "kl": "x"}, 2: [1], 3: "truncated", 4: {"kl": None}}
    assert not any(one.conditions for one in stage_health(read_run(logged(tmp_path / "b", rounds(odd)))))


def test_the_number_of_rows_agrees_with_its_noun(tmp_path: Path) -> None:
    for count, words in ((1, "1 row of the log"), (2, "2 rows of the log")):
        rows = [{"round": t, "train/loss": 1.0} for t in range(count)]
        folder = logged(tmp_path / str(count), rows)
        for inner in (folder / "stages" / "ei").glob("round-*"):
            rmtree(inner)
        page = report.build(folder).read_text()
        assert words in page and "the reward <code>correct</code> alone" in page
