"""A run folder as one record: its recipe, its metrics, the logs of its stages, the files of rollouts
lie.

A run may be unfinished or killed at any moment: every file may be missing, and the last line of a log may be
torn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from numerate.report.results import Result, finite_number, parse_results, read_metrics
from numerate.store.log import with_current_names
from numerate.types import Problem

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LoggedCurve:
    part: str
    """the part of the stage that logged it ("round-002/fit"), empty for the stage itself"""
    points: Points
    """(round or step, value) in order"""


@dataclass(frozen=True, slots=True)
class StageRecord:
    name: str
    method: str
    state: str
    """done, unfinished or not started"""
    series: Mapping[str, tuple[LoggedCurve, ...]]
    """metric name -> its curve, or one per part of the stage that logged it"""
    alarms: tuple[Mapping[str, Any], ...] = ()
    """the rows of its own log in which its reward seemed gamed"""
    logs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict[str, Any])
    """part of the stage, empty for itself -> the rows of its log"""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A folder of Parquet parts with rollouts."""

    path: Path
    model: str
    """the model that was sampled, for the rollouts of a stage the stage's name"""
    problems: str
    """the problem set of an evaluation, empty for the rollouts of a stage"""
    decoding: str
    """greedy or samples"""
    round: int | None = None
    """None for an evaluation"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    folder: Path
    name: str
    recipe: Mapping[str, Any]
    recipe_text: str
    facts: Mapping[str, Any]
    """the "run" object of metrics.json"""
    metrics: Mapping[str, Any]
    results: tuple[Result, ...]
    stages: tuple[StageRecord, ...]
    problems: Mapping[str, Mapping[str, Problem]]
    """set name -> problem id -> problem"""
    sources: tuple[SourceRecord, ...]

    @property
    def models(self) -> list[str]:
        """Returns every model of the page once: the measured ones first, then those that only have
        rollouts."""
        return list(dict.fromkeys([r.model for r in self.results] + [s.model for s in self.sources]))

    @property
    def finished(self) -> bool:
        return bool(self.metrics) and all(stage.state == "done" for stage in self.stages)


def read_run(folder: Path) -> RunRecord:
    """Reads the folder of a run. Raises ValueError where the folder holds no run or a file in it is
    malformed."""
    if not any((folder / name).exists() for name in ("recipe.yaml", "metrics.json", "stages", "evals")):
        raise ValueError(
            f"{folder}: not the folder of a run (no recipe.yaml, no metrics.json): name one under runs/"
        )
    recipe_text, recipe = _recipe(folder / "recipe.yaml")
    metrics = read_metrics(folder)
    facts = metrics.get("run")
    results = tuple(parse_results(metrics))
    return RunRecord(
        folder=folder,
        name=str(recipe.get("name") or folder.resolve().name),
        recipe=recipe,
        recipe_text=recipe_text,
        facts=facts if isinstance(facts, dict) else {},
        metrics=metrics,
        results=results,
        stages=tuple(_stages(folder, recipe)),
        problems={path.stem: _problems(path) for path in sorted((folder / "problems").glob("*.jsonl"))},
        sources=tuple(_evaluations(folder, results) + _rounds(folder)),
    )


def _recipe(path: Path) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        return "", {}
    text = path.read_text(encoding="utf-8")
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML ({error}): restore the file, or run the recipe again") from error
    return text, loaded if isinstance(loaded, dict) else {}


def _stages(folder: Path, recipe: Mapping[str, Any]) -> list[StageRecord]:
    """Returns the stages of the recipe in its order, then any other that left a folder."""
    stages = recipe.get("stages")
    stages = stages if isinstance(stages, dict) else {}
    folders = sorted(path.name for path in (folder / "stages").glob("[!.]*") if path.is_dir())
    return [
        _stage(folder / "stages" / name, stages.get(name))
        for name in dict.fromkeys([*map(str, stages), *folders])
    ]


def _stage(path: Path, options: Any) -> StageRecord:
    done = (path / "DONE.json").is_file()
    state = "done" if done else "unfinished" if path.is_dir() else "not started"
    method = options.get("method", "") if isinstance(options, dict) else ""
    series: dict[str, list[LoggedCurve]] = {}
    logs: dict[str, list[dict[str, Any]]] = {}
    for log in sorted(path.rglob("metrics.jsonl")):
        part = log.parent.relative_to(path).as_posix().removeprefix(".")
        logs[part] = _lines(log)
        for key, points in _series(logs[part]).items():
            series.setdefault(key, []).append(LoggedCurve(part, points))
    alarms = tuple(row for row in logs.get("", []) if isinstance(row.get("hacking"), dict))
    curves = {key: tuple(curves) for key, curves in series.items()}
    return StageRecord(path.name, str(method), state, curves, alarms, logs)


def _lines(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a log. A line that a killed process left incomplete is dropped, as when the run is
    resumed."""
    rows: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(with_current_names(row))
    return rows


def _series(rows: list[dict[str, Any]]) -> dict[str, Points]:
    """Returns metric -> points. The abscissa is the row's step where it has one, else its round; where a
    metric has several rows of one round and no step, their running number."""
    raw: dict[str, list[tuple[float, float]]] = {}
    for index, row in enumerate(rows):
        x = finite_number(row.get("step", row.get("round", index)))
        for key, value in row.items():
            y = finite_number(value)
            if "/" in key and y is not None and x is not None:
                raw.setdefault(key, []).append((x, y))
    return {key: _increasing(points) for key, points in raw.items()}


def _increasing(points: list[tuple[float, float]]) -> Points:
    if all(before[0] < after[0] for before, after in pairwise(points)):
        return tuple(points)
    return tuple((float(index), y) for index, (_, y) in enumerate(points, start=1))


def _problems(path: Path) -> dict[str, Problem]:
    from numerate.store import read_problems

    return {problem.id: problem for problem in read_problems(path)}


def _evaluations(folder: Path, results: Sequence[Result]) -> list[SourceRecord]:
    """Returns the sources evals/<model>/<set>/{greedy,samples}, in the order in which the models were
    measured. A model or a set whose name holds a slash is known from the results; otherwise the first folder
    is the model."""
    measured = {f"{result.model}/{result.problems}": (result.model, result.problems) for result in results}
    order = list(measured)
    sources: list[tuple[int, SourceRecord]] = []
    for path in sorted(
        [*(folder / "evals").glob("[!.]*/**/greedy"), *(folder / "evals").glob("[!.]*/**/samples")]
    ):
        if any(path.glob("*.parquet")):
            relative = path.parent.relative_to(folder / "evals").as_posix()
            model, _, problems = relative.partition("/")
            model, problems = measured.get(relative, (model, problems))
            rank = order.index(relative) if relative in measured else len(order)
            sources.append((rank, SourceRecord(path, model, problems, path.name)))
    return [source for _, source in sorted(sources, key=lambda ranked: ranked[0])]


def _rounds(folder: Path) -> list[SourceRecord]:
    """Returns the sources stages/<stage>/rollouts/round-<n>."""
    sources: list[SourceRecord] = []
    for path in sorted((folder / "stages").glob("[!.]*/rollouts/round-*")):
        number_text = path.name.removeprefix("round-")
        if path.is_dir() and number_text.isdigit() and any(path.glob("*.parquet")):
            sources.append(SourceRecord(path, path.parent.parent.name, "", "samples", int(number_text)))
    return sources
