"""Selection on the page: which numbers are drawn and told, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import report
from numerate.report import selection
from numerate.report.read import read

HOSTILE = "</script><img src=x onerror=alert(1)> \x00"


def row(metric: str, value: Any, k: int = 1, **more: Any) -> dict[str, Any]:
    return {"model": "sft", "problems": "test", "metric": metric, "k": k, "value": value, "n": 200} | more


def judge(metric: str, value: Any, k: int = 1, **more: Any) -> dict[str, Any]:
    return row(metric, value, k, **({"judge": "orm"} | more))


ROWS = [
    row("maj_at_k", 0.5, 2, low=0.43, high=0.57),
    row("maj_at_k", 0.55, 8),
    row("scored_share", 0.4, 1),
    row("scored_share", 1.0, 8),
    row("right_share", 0.25, by="share of attempts", group="0-50%"),
    row("right_share", 0.75, by="share of attempts", group="50-100%"),
    judge("rerank_all_at_k", 0.45, 2),
    judge("rerank_all_at_k", 0.62, 8, low=0.55, high=0.68),
    judge("rerank_all_at_k", 0.48, 8, judge="prm"),
    judge("rerank_all_at_k", 0.3, 8, model="base", judge="prm"),
    judge("rerank_topk_by_limit", 0.6, 2),
    judge("rerank_topk_by_limit", 0.64, 4),
    judge("rerank_topk_optimistic", 0.64, 8, limit=4),
    judge("auc", 0.81, low=0.78, high=0.84),
    judge("ece", 0.042),
    judge("brier", 0.19),
    judge("roc", 0.0, x=0.0),
    judge("roc", 0.7, x=0.2),
    judge("roc", 1.0, x=1.0),
    judge("reliability", 0.1, x=0.15, low=0.05, high=0.2),
    judge("reliability", 0.8, x=0.85, low=0.7, high=0.9),
    judge("step_precision", 0.5, by="position", group="1"),
    judge("step_recall", 0.7, by="position", group="1"),
    judge("first_error_f1", 0.613),
]


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"results": rows, "run": {}}))
    return folder


def test_the_table_sets_judges_against_models(tmp_path: Path):
    [table] = selection.choices(read(write(tmp_path / "run", ROWS)))
    assert [column.title for column in table.columns] == ["maj@8", "RR.All@8", "AUC", "ECE"]
    cells = {
        (each.model, each.judge): [cell.main if cell else None for cell in each.cells] for each in table.rows
    }
    assert cells == {
        ("sft", "orm"): ["55.0%", "62.0%", "81.0%", "4.2%"],
        ("sft", "prm"): ["55.0%", "48.0%", None, None],
        ("base", "prm"): [None, "30.0%", None, None],
    }


def test_what_is_drawn(tmp_path: Path):
    panels = selection.panels(read(write(tmp_path / "run", ROWS)))
    drawn = {(panel.title, figure.title): figure.note for panel in panels for figure in panel.figures}
    orm, votes = "test: sft, judged by orm", "test"
    assert drawn[orm, "Accuracy against K and N"] == "best here 64.0% at 4, which is optimistic"
    assert drawn[orm, "Right ones called right"] == "area 81.0% [78.0, 84.0]"
    assert drawn[orm, "Share that is right, by score"] == "ECE 0.042, Brier 0.190"
    assert drawn[orm, "Wrong steps found, by position"] == "● precision, ■ recall; F1 of first errors 61.3%"
    assert {title for panel, title in drawn if panel == votes} == {
        "What a judge must read",
        "Share of the right answer",
    }
    assert {title for panel, title in drawn if panel.endswith("judged by prm")} == {
        "Accuracy against attempts"
    }


def test_the_strategies_have_the_colours_that_the_legend_says(tmp_path: Path):
    panels = selection.panels(read(write(tmp_path / "run", ROWS)))
    [panel] = [p for p in panels if p.title.endswith("by orm") and p.series]
    svg = str(panel.figures[0].svg)
    assert panel.series[:2] == ("Majority", "Best score")
    assert "--model-0" in svg and "--model-1" in svg and "--model-2" not in svg


def test_a_run_without_samples_says_how_to_get_them(tmp_path: Path):
    html = report.build(write(tmp_path / "run", [row("accuracy", 0.5)])).read_text(encoding="utf-8")
    section = html.partition('<section id="selection"')[2].partition("</section>")[0]
    assert "No samples were measured." in section and "<figure" not in section


@pytest.mark.parametrize("value", [float("nan"), None, "0.5", 10**400])
def test_hostile_names_and_broken_numbers_are_survived(tmp_path: Path, value: Any):
    rows = [*ROWS]
    for metric in ("rerank_all_at_k", "auc", "ece", "step_precision", "rerank_topk_optimistic"):
        rows.append(judge(metric, value, judge=HOSTILE, by="", group=HOSTILE, limit=HOSTILE))
    rows.append(judge("roc", 0.5, judge=HOSTILE, x=value))
    rows.append(judge("reliability", 0.5, judge=HOSTILE, x=value, low="a"))
    rows.append(judge("step_recall", 0.5, judge=HOSTILE, by="position", group=HOSTILE))
    rows.append(row("right_share", 0.5, by=HOSTILE, group=HOSTILE))
    html = report.build(write(tmp_path / "run", rows)).read_text(encoding="utf-8")
    assert "<img" not in html and "\x00" not in html and "62.0%" in html


def test_runs_are_compared_judge_by_judge(tmp_path: Path):
    runs = [write(tmp_path / "a", ROWS), write(tmp_path / "b", ROWS[:8])]
    found = {(c.title, c.model): [cell and cell.main for cell in c.cells] for c in report.compare(runs)}
    assert found["RR.All@8, orm", "sft"] == ["62.0%", "62.0%"]
    assert found["RR.All@8, prm", "sft"] == ["48.0%", None]
    assert not any(title.startswith(("roc", "reliability")) for title, _ in found)
