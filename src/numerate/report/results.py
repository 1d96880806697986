"""The rows of `metrics.json` as records. Nothing in a file is trusted: a value that is not a finite number is
None.

A row says: `model` on `problems` has this `value` of `metric` (at `k` samples where it means something),
with the interval [low, high], measured over `n` problems. `by` and `group` mark a row of a breakdown,
`versus` a paired difference (model minus versus), `judge` the scorer whose scores are used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerate.store import read_object


@dataclass(frozen=True, slots=True)
class Result:
    model: str
    problems: str
    metric: str
    value: float | None
    """a share in [0, 1] for everything but token counts; None where it could not be measured"""
    low: float | None = None
    high: float | None = None
    k: int | None = None
    n: int | None = None
    by: str = ""
    group: str = ""
    versus: str = ""
    p: float | None = None
    judge: str = ""
    """whose scores decided"""
    limit: int | None = None
    """the K or N of a strategy that was used"""
    x: float | None = None
    """the abscissa of a point: a score, or a rate of false positives"""


def finite_number(value: Any) -> float | None:
    """Returns a finite float, or None for everything else: NaN, infinities, integers beyond a float, text,
    booleans."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        converted = float(value)
    except OverflowError:
        return None
    return converted if math.isfinite(converted) else None


def whole_number(value: Any) -> int | None:
    finite = finite_number(value)
    return None if finite is None else int(finite)


def parse_results(metrics: Mapping[str, Any]) -> list[Result]:
    """Returns the results in the order of the file. Raises ValueError with the index of a malformed row."""
    rows = metrics.get("results", [])
    if not isinstance(rows, list):
        raise ValueError('metrics.json: "results" is not a list: measure the run again, or restore the file')
    return [_result(row, index) for index, row in enumerate(rows)]


def _result(row: Any, index: int) -> Result:
    missing = [key for key in ("model", "problems", "metric") if not isinstance(row, dict) or key not in row]
    if missing:
        raise ValueError(
            f"metrics.json: result {index} lacks {', '.join(missing)}: "
            "every row names its model, problems and metric; measure the run again"
        )
    return Result(
        model=str(row["model"]),
        problems=str(row["problems"]),
        metric=str(row["metric"]),
        value=finite_number(row.get("value")),
        low=finite_number(row.get("low")),
        high=finite_number(row.get("high")),
        k=whole_number(row.get("k")),
        n=whole_number(row.get("n")),
        by=str(row.get("by") or ""),
        group=str(row.get("group", "")),
        versus=str(row.get("versus") or ""),
        p=finite_number(row.get("p")),
        judge=str(row.get("judge") or ""),
        limit=whole_number(row.get("limit")),
        x=finite_number(row.get("x")),
    )


def read_metrics(run_dir: Path) -> dict[str, Any]:
    """Returns the contents of `metrics.json`, empty where a run has not been measured yet.

    Raises ValueError where the file is not a JSON object."""
    path = run_dir / "metrics.json"
    return read_object(path, "measure the run again") if path.is_file() else {}


def unique_names(names: Sequence[str]) -> list[str]:
    """Returns each name once, in order of first appearance."""
    return list(dict.fromkeys(names))
