"""The rows that the terminal and the page print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate.cli.metric_tables import show_metrics
from numerate.report import compare, differences, summary
from numerate.report.tables import Cell, shared_size


def row(model: str, metric: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"model": model, "problems": "test", "metric": metric, "k": 1, "value": value, "n": 200} | more


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"results": rows, "run": {}}))
    return folder


def test_a_share_prints_in_percent_and_a_count_as_it_is() -> None:
    assert Cell(0.42125, 0.3776, 0.4649).text == "42.1% [37.8, 46.5]"
    assert Cell(151.26, 148.0, 154.04, unit="count").text == "151.3 [148.0, 154.0]"
    assert Cell(0.81234, 0.78, 1.0, unit="score").text == "0.812 [0.780, 1.000]"


def test_a_difference_prints_in_points_with_its_sign() -> None:
    assert Cell(0.142, -0.008, 0.29, signed=True).text == "+14.2 [-0.8, +29.0]"


def test_the_summary_takes_the_largest_k_and_leaves_breakdowns_out() -> None:
    rows = [
        row("sft", "accuracy", 0.4, low=0.33, high=0.47),
        row("sft", "accuracy", 0.9, by="steps", group="1"),
        row("sft", "pass_at_k", 0.5, k=2),
        row("sft", "pass_at_k", 0.8, k=32),
        row("base", "accuracy", 0.1),
    ]
    table = summary({"results": rows})
    assert [column.title for column in table.columns] == ["Accuracy", "pass@32"]
    assert [(r.model, r.n) for r in table.rows] == [("sft", 200), ("base", 200)]
    assert [cell.main if cell else None for cell in table.rows[0].cells] == ["40.0%", "80.0%"]
    assert table.rows[1].cells[1] is None


def test_rows_of_one_problem_set_stand_together() -> None:
    rows = [
        row("base", "accuracy", 0.1),
        row("base", "accuracy", 0.2, problems="templates"),
        row("sft", "accuracy", 0.3),
    ]
    order = [(r.problems, r.model) for r in summary({"results": rows}).rows]
    assert order == [("test", "base"), ("test", "sft"), ("templates", "base")]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "0.5", None, True])
def test_what_is_not_a_finite_number_is_not_measured(value: Any) -> None:
    assert summary({"results": [row("sft", "accuracy", value)]}).rows[0].cells == (None,)


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [
        (0.01, 0.2, 0.04, "better"),
        (-0.2, -0.01, 0.04, "worse"),
        (0.01, 0.2, 0.06, "not significant"),
        (-0.01, 0.2, 0.04, "better"),
        (0.01, 0.2, 0.05, "not significant"),
        (0.01, 0.2, None, "better"),
        (-0.2, -0.01, None, "worse"),
        (0.0, 0.2, None, "not significant"),
        (None, None, None, "not significant"),
        (None, None, 0.04, "better"),
    ],
)
def test_the_verdict_on_a_difference_follows_p_and_without_it_the_interval(
    low: float | None, high: float | None, p: float | None, verdict: str
) -> None:
    value = 0.1 if low is None or high is None else (low + high) / 2
    rows = [row("ei", "accuracy_difference", value, low=low, high=high, versus="sft", p=p)]
    [difference] = differences({"results": rows})
    assert (difference.verdict, difference.p_text) == (verdict, "" if p is None else f"p = {p:.3f}")


def test_compare_lines_runs_up_and_leaves_gaps(tmp_path: Path) -> None:
    first = write(tmp_path / "one", [row("base", "accuracy", 0.1), row("base", "pass_at_k", 0.5, k=8)])
    second = write(
        tmp_path / "two", [row("base", "accuracy", 0.2, low=0.15, high=0.26), row("sft", "accuracy", 0.4)]
    )
    found = [
        (c.model, c.title, tuple(x.text if x else "-" for x in c.cells)) for c in compare([first, second])
    ]
    assert found == [
        ("base", "Accuracy", ("10.0%", "20.0% [15.0, 26.0]")),
        ("base", "pass@8", ("50.0%", "-")),
        ("sft", "Accuracy", ("-", "40.0%")),
    ]


SUBSET = [
    row("sft", "accuracy", 0.5, low=0.48, high=0.52, n=2000),
    row("sft", "accuracy_on_sampled", 0.55, low=0.45, high=0.65, n=100),
    row("sft", "pass_at_k", 0.8, low=0.7, high=0.9, k=8, n=100),
    row("sft", "diversity_exact", 6.5, low=6.0, high=7.0, k=8, n=100),
]
"""2,000 problems, the first 100 of them sampled"""


def test_every_figure_has_its_number_of_problems() -> None:
    table = summary(
        {"results": [*SUBSET, row("base", "accuracy", 0.1, n=2000), row("base", "pass_at_k", 0.2, k=8)]}
    )
    columns = [column.title for column in table.columns]
    assert columns == ["Accuracy", "Greedy, same problems", "pass@8"]
    assert [cell.sized if cell else "-" for cell in table.rows[0].cells] == [
        "50.0% [48.0, 52.0] n=2,000",
        "55.0% [45.0, 65.0] n=100",
        "80.0% [70.0, 90.0] n=100",
    ]
    shared = [shared_size(row.cells[i] for row in table.rows) for i in range(3)]
    assert shared == ["n=2,000", "n=100", ""], "pass@8 of 100 and of 200 problems share no heading"


def test_greedy_on_the_sampled_problems_is_shown_where_they_are_not_all() -> None:
    whole = [row("sft", "accuracy", 0.5), row("sft", "accuracy_on_sampled", 0.5)]
    assert [column.metric for column in summary({"results": whole}).columns] == ["accuracy"]


def test_compare_says_how_many_problems_are_behind_a_figure(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", SUBSET), write(tmp_path / "two", [row("sft", "accuracy", 0.5)])
    found = {c.title: [x.sized if x else "-" for x in c.cells] for c in compare([one, two])}
    assert found["Accuracy"] == ["50.0% [48.0, 52.0] n=2,000", "50.0% n=200"]
    assert found["Greedy, same problems"] == ["55.0% [45.0, 65.0] n=100", "-"]
    same = [row("sft", "accuracy", 0.5), row("sft", "accuracy_on_sampled", 0.5)]
    both = compare([write(tmp_path / name, same) for name in ("three", "four")])
    assert [c.title for c in both] == ["Accuracy"]


def test_evaluations_of_one_model_each_stand_in_one_line(tmp_path: Path) -> None:
    """Two runs of one model each are lined up; with several models in a run the names decide."""
    runs = [write(tmp_path / name, [row(name, "accuracy", 0.5)]) for name in ("a", "b")]
    assert [(c.model, len([x for x in c.cells if x])) for c in compare(runs)] == [("a / b", 2)]
    more = write(tmp_path / "c", [row("a", "accuracy", 0.5), row("b", "accuracy", 0.5)])
    assert [c.model for c in compare([*runs, more])] == ["a", "b"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_terminal_shows_every_interval_and_number(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    long = "a-model-whose-name-is-longer-than-half-of-a-line"
    where = {"problems": "-".join(["a-set-with-a-long-name"] * 4)}
    named = [each | where | {"model": name} for name in (long, "ei") for each in SUBSET]
    gap = where | {"model": long, "versus": "ei", "p": 0.01, "metric": "accuracy_difference"}
    gap |= {"value": 0.1, "low": 0.05, "high": 0.15, "n": 2000}
    show_metrics({"results": [*named, gap]})
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    for figure in ("50.0% [48.0, 52.0]", "55.0% [45.0, 65.0]", "80.0% [70.0, 90.0]"):
        assert text.count(figure) == 2
    words = " ".join(text.split())
    for heading in ("accuracy, n=2,000", "pass@8, n=100", "+10.0 [+5.0, +15.0]", "p = 0.010", "better"):
        assert heading in words
    assert text.count("n=2,000") == 2 and text.count("n=100") == 2


def test_comparing_a_run_without_measurements_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unmeasured: there is no such folder"):
        compare([tmp_path / "unmeasured"])
    (tmp_path / "unmeasured").mkdir()
    with pytest.raises(ValueError, match=r"unmeasured: no metrics\.json"):
        compare([tmp_path / "unmeasured"])


def test_a_row_without_a_model_is_named_by_its_place() -> None:
    with pytest.raises(ValueError, match="result 1 lacks model"):
        summary({"results": [row("base", "accuracy", 0.1), {"problems": "test", "metric": "accuracy"}]})
