"""Rows of `metrics.json`: a number, its interval, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numerate import metrics
from numerate.metrics import catalog
from numerate.metrics.episodes import Ratio, has_tools
from numerate.metrics.intervals import ratio_interval
from numerate.metrics.metric import Metric, Over
from numerate.types import Group

Row = dict[str, Any]
"""one row of metrics.json: model, problems, metric, k, value, low, high, n; by and group for a breakdown;
low and high are None where there is no interval;
judge for metrics of a scorer, with limit and x where they apply (docs/selection-metrics.md)"""


def join_metrics(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the contents of metrics.json with earlier rows kept beside new ones: those of other problem
    sets, and on the same problems those of other judges, and of value-guided sampling where there are no new
    ones. None are kept of another model."""
    before, after = earlier.get("run") or {}, now["run"]
    if before.get("base") != after["base"]:
        return dict(now)
    before_sets, sets = before.get("problems") or {}, after["problems"]
    new = {_source(row) for row in now["results"]}

    def stays(row: Row) -> bool:
        name, judge = row["problems"], row.get("judge")
        return name not in sets or (judge is not None and before_sets.get(name) == sets[name])

    rows = [row for row in earlier.get("results", []) if stays(row) and _source(row) not in new]
    return {"results": [*rows, *now["results"]], "run": after | {"problems": before_sets | sets}}


def _source(row: Row) -> tuple[str, str | None, bool]:
    """Returns what a row was measured with."""
    return row["problems"], row.get("judge"), row["metric"].startswith("guided_")


def powers_of_two(n: int) -> list[int]:
    """Returns 1, 2, 4, ... up to n, and n itself."""
    return sorted({2**i for i in range(n.bit_length()) if 2**i <= n} | {n})


def metric_row(
    metric: str, value: float, interval: tuple[float | None, float | None], n: int, k: int = 1, **more: Any
) -> Row:
    """Returns a row. An interval without width is left out: the bootstrap of equal values says nothing."""
    low, high = interval if interval[0] != interval[1] else (None, None)
    return {"metric": metric, "k": k, "value": value, "low": low, "high": high, "n": n, **more}


def share_row(metric: str, hits: Iterable[bool], k: int = 1, **more: Any) -> Row:
    """Returns a proportion with its Wilson interval."""
    hit = list(hits)
    return metric_row(metric, sum(hit) / len(hit), metrics.wilson(sum(hit), len(hit)), len(hit), k, **more)


def mean_row(metric: str, values: Sequence[float], k: int = 1, **more: Any) -> Row:
    """Returns a mean over problems with its bootstrap interval."""
    value, low, high = metrics.mean_interval(values)
    return metric_row(metric, value, (low, high), len(values), k, **more)


def accuracy_row(metric: str, values: Sequence[float], k: int = 1, **more: Any) -> Row:
    """Returns the row of an accuracy or another share: Wilson's interval where every value is 0 or 1, which
    always has a width, else the bootstrap's."""
    if all(value in (0, 1) for value in values):
        return share_row(metric, map(bool, values), k=k, **more)
    return mean_row(metric, values, k, **more)


def catalog_row(metric: Metric, values: Sequence[float | None], k: int = 1) -> list[Row]:
    """Returns the row of a metric from its values per problem, with the interval of its unit; none where it
    does not apply to each of the problems."""
    measured = [float(value) for value in values if value is not None]
    if not measured or len(measured) < len(values):
        return []
    make_row = accuracy_row if metric.unit in ("proportion", "share") else mean_row
    return [make_row(metric.name, measured, k)]


def group_rows(over: Over, groups: Sequence[Group], k: int = 1) -> list[Row]:
    """Returns the metrics of the catalog that take the samples of a problem."""
    return [
        row
        for metric in catalog.metrics_over(over)
        for row in catalog_row(metric, [metric.measure(group) for group in groups], k)
    ]


def episode_rows(over: Over, groups: Sequence[Group], k: int = 1) -> list[Row]:
    """Returns the metrics of the catalog about calls of programs; none where no rollout has any."""
    rollouts = [[scored.rollout for scored in group.rollouts] for group in groups]
    if not has_tools([rollout for group in rollouts for rollout in group]):
        return []
    return [
        row
        for metric in catalog.metrics_over(over)
        for row in ratio_row(metric, [metric.measure(group) for group in rollouts], k)
    ]


def ratio_row(metric: Metric, ratios: Sequence[Ratio], k: int = 1) -> list[Row]:
    """Returns the row of a ratio of sums over problems, none where its denominator is 0; `n` is the number of
    problems that add to that. The interval is a bootstrap over problems. A share has Wilson's interval where
    it is 0 or 1, or where no problem adds more than 1: problems count there, since the calls of one are not
    independent."""
    measured = [(part, whole) for part, whole in ratios if whole]
    parts, wholes = [part for part, _ in measured], [whole for _, whole in measured]
    if not measured:
        return []
    if metric.unit != "count" and (sum(parts) in (0, sum(wholes)) or set(wholes) == {1}):
        return [share_row(metric.name, map(bool, parts), k)]
    value, low, high = ratio_interval(parts, wholes)
    return [metric_row(metric.name, value, (low, high), len(measured), k)]


def candidate_rows(over: Over, problems: Sequence[metrics.Candidates], ks: Sequence[int]) -> list[Row]:
    """Returns the metrics of the catalog that take candidates and a k, for each k."""
    return [
        row
        for k in ks
        for metric in catalog.metrics_over(over)
        for row in catalog_row(metric, [metric.measure(problem, k) for problem in problems], k)
    ]


def score_rows(over: Over, scored: Sequence[tuple[float, bool, str]]) -> list[Row]:
    """Returns the metrics of the catalog that take a judge's scores: a row per point, `x` where it is of a
    curve.

    scored: (score, label, id of the problem)."""
    scores, labels = [score for score, _, _ in scored], [label for _, label, _ in scored]
    problems = [problem for _, _, problem in scored]
    return [
        metric_row(metric.name, point.value, (point.low, point.high), point.n)
        | ({} if point.x is None else {"x": point.x})
        for metric in catalog.metrics_over(over)
        for point in metric.measure(scores, labels, problems)
    ]
