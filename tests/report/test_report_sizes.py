"""How many problems are behind a figure: on the page, in its tables and captions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from numerate import report
from numerate.report import choices, figures, plots, selection
from numerate.report.read import read_run
from numerate.store import write_problems
from numerate.types import Problem


def row(metric: str, value: float, n: int, **more: Any) -> dict[str, Any]:
    low, high = value - 0.05, value + 0.05
    named = {"model": "ei", "problems": "test", "metric": metric, "k": 1, "value": value}
    return named | {"low": low, "high": high, "n": n, **more}


ROWS = [
    row("accuracy", 0.5, 2000),
    row("accuracy", 0.6, 800, by="steps", group="1"),
    row("accuracy_on_sampled", 0.55, 100),
    *(row("pass_at_k", 0.6, 100, k=k) for k in (1, 2, 4, 8)),
    *(row("maj_at_k", 0.6, 100, k=k) for k in (1, 2, 4, 8)),
    row("diversity_exact", 6.5, 100, k=8),
    row("right_share", 0.7, 100, by="share of attempts", group="0-10%"),
    row("right_share_lost", 0.7, 12, by="share of attempts", group="0-10%"),
    *(row("rerank_all_at_k", 0.65, 100, k=k, judge="orm") for k in (1, 2, 4, 8)),
    row("auc_within", 0.8, 40, judge="orm"),
]
RECIPE = """\
name: half
stages:
  ei: {method: grpo, validate: {limit: 20}}
"""


def make(folder: Path) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"results": ROWS, "run": {}}))
    (folder / "recipe.yaml").write_text(RECIPE)
    stage = folder / "stages" / "ei"
    stage.mkdir(parents=True)
    log = {"round": 0, "validation/accuracy": 0.5, "rollouts/accuracy": 0.25, "rollouts/count": 64}
    (stage / "metrics.jsonl").write_text(json.dumps(log) + "\n")
    write_problems(folder / "problems" / "validation.jsonl", [Problem(str(i), "?", "1") for i in range(30)])
    return folder


def test_the_summary_names_the_problems_of_each_column(tmp_path: Path) -> None:
    html = report.build(make(tmp_path / "run")).read_text(encoding="utf-8")
    headings = re.findall(
        r'<th scope="col" class="num"[^>]*>([^<]*)<span class="size">(n=[\d,]+)</span>', html
    )
    assert headings[:4] == [
        ("Accuracy", "n=2,000"),
        ("Greedy, same problems", "n=100"),
        ("pass@8", "n=100"),
        ("maj@8", "n=100"),
    ]
    assert "2,000 problems" not in html


def test_a_problem_set_has_the_columns_with_figures_on_it_only(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    more = [row("accuracy", 0.4, 30, problems="other"), row("truncated", 0.1, 30, problems="other")]
    (folder / "metrics.json").write_text(json.dumps({"results": [*ROWS, *more], "run": {}}))
    html = report.build(folder).read_text(encoding="utf-8")
    table = html.partition("Results on other")[2].partition("</table>")[0]
    headings = re.findall(r'class="num" title="[^"]*">([^<]*)<', table)
    assert headings == ["Accuracy", "Truncated"]
    assert "not measured" not in table and "40.0%" in table and "10.0%" in table


def test_the_rollout_list_has_a_title_per_column(orchard_page: Path) -> None:
    html = orchard_page.read_text(encoding="utf-8")
    titles = re.search(r'id="titles">(.*?)</p>', html)
    assert titles is not None
    assert re.findall(r"<span>(.*?)</span>", titles[1]) == ["", "Problem", "Answer", "Model"]


def tick_labels(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_scale_of_zeros_goes_to_one() -> None:
    bars = plots.plot_bars("s", "zeros", ["a"], [plots.Bars(0, [(0.0, 0.0, 0.0)])], percent=False)
    lines = plots.plot_lines("s", "zeros", [plots.PlotLine(0, [(0, 0.0), (1, 0.0)])], x="step")
    some = plots.plot_bars("s", "some", ["a"], [plots.Bars(0, [(0.04, None, None)])], percent=False)
    assert "1" in tick_labels(bars) and "1" in tick_labels(lines) and "1" not in tick_labels(some)


def test_logs_with_the_old_name_of_a_statistic_are_read(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    log = folder / "stages" / "ei" / "metrics.jsonl"
    log.write_text(log.read_text().replace("rollouts/count", "rollouts/attempts"))
    [stage] = read_run(folder).stages
    assert "rollouts/attempts" not in stage.series
    assert figures.sample_size_note(read_run(folder), stage, "rollouts/accuracy") == ", n=64 rollouts"


def test_captions_name_the_problems_that_are_drawn_and_greedy_on_the_same(tmp_path: Path) -> None:
    run = read_run(make(tmp_path / "run"))
    [panel] = figures.sample_panels(run)
    assert panel.note == ("n=100 problems, 95% intervals; greedy on the same problems: ei 55.0% [50.0, 60.0]")
    [spread] = figures.diversity_panels(run, [])
    assert spread.note == "n=100 problems, 95% intervals"
    panels = {panel.title: panel for panel in selection.selection_panels(run)}
    notes = {figure.title: figure.note for figure in panels["test"].figures}
    assert panels["test"].note.endswith("n=100")
    assert notes["Share of the right answer, lost votes"].endswith("n=12")
    assert panels["test: ei, re-ranked"].note.endswith(
        "n=100; greedy on the same problems: 55.0% [50.0, 60.0]"
    )


def test_curves_of_a_stage_name_the_problems_and_rollouts_behind_their_last_point(tmp_path: Path) -> None:
    [panel] = figures.learning_panels(read_run(make(tmp_path / "run")))
    notes = {figure.title: figure.note for figure in panel.figures}
    assert notes["Validation accuracy"] == "ends at 50.0%, n=20 problems"
    assert notes["Accuracy of the rollouts"] == "ends at 25.0%, n=64 rollouts"


def test_the_tables_of_selection_begin_with_greedy_and_have_sizes(tmp_path: Path) -> None:
    ways, worth = choices.selection_tables(read_run(make(tmp_path / "run")))
    assert [column.title for column in ways.columns] == ["Greedy, same problems", "maj@8", "RR.All@8"]
    assert ways.sizes == ("n=100", "n=100", "n=100") and worth.sizes == ("n=40",)
