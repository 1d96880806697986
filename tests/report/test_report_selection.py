"""Selection on the page: which numbers are drawn and told, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import report
from numerate.report import choices, plots, selection
from numerate.report.read import read_run

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
    judge("auc_within", 0.53, low=0.46, high=0.6),
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


def told(table: choices.Choices) -> dict[tuple[str, str], list[str | None]]:
    return {
        (each.model, each.judge): [cell.main if cell else None for cell in each.cells] for each in table.rows
    }


def test_the_tables_of_strategies_of_judges_and_of_judges_by_models(tmp_path: Path):
    strategies, judges, crossed = choices.selection_tables(read_run(write(tmp_path / "run", ROWS)))
    assert [column.title for column in strategies.columns] == ["maj@8", "RR.All@8"]
    assert told(strategies) == {
        ("sft", "orm"): ["55.0%", "62.0%"],
        ("sft", "prm"): ["55.0%", "48.0%"],
        ("base", "prm"): [None, "30.0%"],
    }
    titles = ["AUC", "AUC within", "ECE", "Brier", "F1 of first errors"]
    assert [column.title for column in judges.columns] == titles
    assert told(judges) == {("sft", "orm"): ["0.810", "0.530", "0.042", "0.190", "0.613"]}
    assert "estimates of a problem's difficulty" in judges.about and not strategies.about
    assert [column.title for column in crossed.columns] == [
        f"{model} {title}" for model in ("sft", "base") for title in ("RR.All@8", "W.RR@8")
    ]
    assert told(crossed) == {
        ("", "no scorer: the vote"): ["55.0%", "55.0%", None, None],
        ("", "orm"): ["62.0%", None, None, None],
        ("", "prm"): ["48.0%", None, "30.0%", None],
    }


def test_a_single_model_has_no_table_of_judges_by_models(tmp_path: Path):
    rows = [row for row in ROWS if row["model"] == "sft"]
    assert len(choices.selection_tables(read_run(write(tmp_path / "run", rows)))) == 2


def test_what_is_drawn(tmp_path: Path):
    panels = selection.selection_panels(read_run(write(tmp_path / "run", ROWS)))
    drawn = {(panel.title, figure.title): figure.note for panel in panels for figure in panel.figures}
    sft, base = "test: sft, re-ranked", "test: base, re-ranked"
    judges, votes = "test: sft, scorers", "test"
    assert drawn[sft, "orm: accuracy against K and N"] == "best 64.0% at 4 (optimistic)"
    assert drawn[judges, "True positive rate"] == "AUC 0.810 [0.780, 0.840] n=200"
    assert drawn[judges, "Reliability: share right by score"] == "ECE 0.042 n=200"
    assert {title for panel, title in drawn if panel == judges} == {
        "True positive rate",
        "Reliability: share right by score",
        "Precision of wrong steps",
        "Recall of wrong steps",
    }
    assert {title for panel, title in drawn if panel == votes} == {
        "Samples to score for MajK",
        "Share of the right answer",
    }
    assert {title for panel, title in drawn if panel == base} == {"prm: accuracy against samples"}


def test_the_colours_are_what_the_legend_says(tmp_path: Path):
    """Strategies in theirs; judges in theirs, the second one alone has the second colour."""
    more = [judge("roc", x, x=x, judge="prm", model="base") for x in (0.0, 1.0)]
    panels = {
        panel.title: panel
        for panel in selection.selection_panels(read_run(write(tmp_path / "run", ROWS + more)))
    }
    panel = panels["test: sft, re-ranked"]
    assert panel.series[:2] == ((0, "Majority"), (1, "Best score"))
    svg = str(panel.figures[0].svg)
    assert "--model-0" in svg and "--model-1" in svg and "--model-2" not in svg
    alone = panels["test: base, scorers"]
    assert alone.series == ((1, "prm"),)
    assert "--model-1" in str(alone.figures[0].svg) and "--model-0" not in str(alone.figures[0].svg)


def test_strategies_without_a_limit_are_level_lines_among_those_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The vote reaches 55 % and the best score 62 % with all samples, at every K and N."""
    drawn: dict[str, dict[int, Any]] = {}
    lines = plots.plot_lines

    def noted(salt: str, name: str, given: Any, **more: Any) -> Any:
        drawn.setdefault(name, {line.colour: line.points for line in given})
        return lines(salt, name, given, **more)

    monkeypatch.setattr(plots, "plot_lines", noted)
    selection.selection_panels(read_run(write(tmp_path / "run", ROWS)))
    assert drawn["orm: accuracy against K and N"] == {
        0: [(2, 0.55), (4, 0.55)],
        1: [(2, 0.62), (4, 0.62)],
        2: [(2, 0.6), (4, 0.64)],
    }


def test_a_run_without_samples_says_how_to_get_them(tmp_path: Path):
    html = report.build(write(tmp_path / "run", [row("accuracy", 0.5)])).read_text(encoding="utf-8")
    section = html.partition('<section id="selection"')[2].partition("</section>")[0]
    assert "No samples." in section and "<figure" not in section


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
