"""A run folder as `numerate run` leaves it, made in a second from a small world of apples."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from numerate import reranking
from numerate.store import write_rollouts
from numerate.types import Group, Problem, Reward, Rollout, Scored, Step, Turn, Verdict

SKILL = {"base": 0.14, "sft": 0.42, "ei": 0.61}
RECIPE = """\
name: orchard
seed: 7
model: numerate/pico
problems:
  train: stories/train
  test: stories/test
  test-templates: stories/test-templates
stages:
  sft: {method: sft, model: base, problems: train, limit: 500}
  ei: {method: expert_iteration, model: sft, restart_from: base, steps: 3, sample: {rollouts: 8}}
evaluate: {models: [base, sft, ei], samples: 16}
"""


def problems(name: str, count: int) -> list[Problem]:
    """Apples in crates: 1 to 4 steps."""
    rng = random.Random(f"problems {name}")
    made: list[Problem] = []
    for place in range(count):
        steps = 1 + place % 4
        crates, apples = rng.randint(3, 19), rng.randint(4, 24)
        total = crates * apples
        lines = [f"The crates hold {crates}*{apples}=<<{crates}*{apples}={total}>>{total} apples."]
        for extra in range(steps - 1):
            more = rng.randint(2, 30) + extra
            lines.append(
                f"With {more} more there are {total}+{more}=<<{total}+{more}={total + more}>>{total + more}."
            )
            total += more
        question = (
            f"An orchard fills {crates} crates with {apples} apples each"
            + "".join(f", and then finds {line.split()[1]} more" for line in lines[1:])
            + ". How many apples are there in the end?"
        )
        meta = {"steps": steps, "scenario": ("orchard", "kitchen garden", "market hall")[place % 3]}
        solution = "\n".join([*lines, f"#### {total}"])
        made.append(
            Problem(f"{name}-{place:04d}", question, str(total), solution, "number", (), "stories", meta)
        )
    return made


def attempt(
    problem: Problem, index: int, right: bool, rng: random.Random, judged: bool, model: str
) -> Scored:
    """The reference solution, or one whose last calculation is off; a few end without an answer."""
    lines = problem.solution.split("\n")
    verdicts: list[Verdict] = ["right"] * (len(lines) - 1)
    answer: str | None = problem.answer
    if not right:
        answer = str(int(problem.answer) + rng.randint(1, 9))
        lines[-2] = lines[-2].replace(problem.answer, answer)
        lines[-1] = f"#### {answer}"
        verdicts[-1] = "wrong"
    if rng.random() < 0.15:
        lines.insert(0, "Let us count the apples with care.")
        verdicts.insert(0, "unverifiable")
    if not right and rng.random() < 0.2:
        lines, answer = lines[:-1], None
    text = "\n".join(lines)
    steps: list[Step] = []
    at = 0
    for line, verdict in zip(lines, verdicts, strict=False):
        steps.append(Step(at, at + len(line), line, label=verdict))
        at += len(line) + 1
    logprobs = tuple(-rng.expovariate(3.0) for _ in text.split())
    ids = tuple(range(len(logprobs)))
    turns = (Turn("user", problem.question + "\n"), Turn("assistant", text, ids, logprobs, trained=True))
    finish = "stop" if answer is not None else "length"
    rollout = Rollout(problem.id, index, turns, finish, answer, tuple(steps) if judged else (), 7, model)
    return Scored(rollout, Reward(float(right), {"correct": float(right)}))


def attempts(
    members: Sequence[Problem], model: str, skill: float, n: int, judged: bool = True
) -> list[Scored]:
    rng = random.Random(f"{model} {n} {members[0].id}")
    made: list[Scored] = []
    for problem in members:
        chance = skill ** (0.5 + 0.25 * int(problem.meta["steps"]))
        made += [attempt(problem, i, rng.random() < chance, rng, judged and i < 4, model) for i in range(n)]
    return made


def make(
    folder: Path,
    *,
    models: Sequence[str] = ("base", "sft", "ei"),
    count: int = 60,
    samples: int = 16,
    judged: bool = True,
    sets: Sequence[str] = ("test", "test-templates"),
    stages: Sequence[str] = ("sft", "ei"),
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "problems").mkdir(exist_ok=True)
    by_set = {name: problems(name, count) for name in ("train", *sets)}
    for name, members in by_set.items():
        rows = "".join(json.dumps(asdict(problem)) + "\n" for problem in members)
        (folder / "problems" / f"{name}.jsonl").write_text(rows)
    for stage in stages:
        _stage(folder / "stages" / stage, stage, by_set["train"])
    results: list[dict[str, Any]] = []
    for model in models:
        for name in sets:
            skill = SKILL.get(model, 0.3) * (0.85 if name.endswith("templates") else 1)
            place = folder / "evals" / model / name
            greedy = attempts(by_set[name], model, skill, 1, judged)
            write_rollouts(place / "greedy" / "part-00000.parquet", greedy)
            if samples:
                drawn = attempts(by_set[name], model, skill, samples, judged)
                write_rollouts(place / "samples" / "part-00000.parquet", drawn)
                results += _selection(model, name, by_set[name], drawn, samples)
            results += _results(model, name, greedy, by_set[name], samples, skill)
    for name in sets:
        for before, after in pairwise(models):
            gap = SKILL.get(after, 0.3) - SKILL.get(before, 0.3)
            results.append(
                _row(after, name, "accuracy_difference", 1, gap, 0.06, count)
                | {"versus": before, "p": 0.0004}
            )
    facts = {"version": "0.1.0", "seconds": 431.2, "device": "cpu", "finished": True}
    (folder / "metrics.json").write_text(json.dumps({"results": results, "run": facts}))
    return folder


def _row(
    model: str, name: str, metric: str, k: int, value: float, wide: float, n: int, **more: Any
) -> dict[str, Any]:
    row = {"model": model, "problems": name, "metric": metric, "k": k, "value": value}
    return row | {"low": value - wide, "high": value + wide, "n": n, **more}


def _results(
    model: str, name: str, greedy: Sequence[Scored], members: Sequence[Problem], samples: int, skill: float
) -> list[dict[str, Any]]:
    right = [bool(s.reward.value) for s in greedy]
    n = len(right)
    rows = [_row(model, name, "accuracy", 1, sum(right) / n, 0.04, n)]
    rows.append(
        _row(model, name, "unanswered", 1, sum(s.rollout.answer is None for s in greedy) / n, 0.01, n)
    )
    rows.append(
        _row(model, name, "truncated", 1, sum(s.rollout.finish == "length" for s in greedy) / n, 0.01, n)
    )
    rows.append(_row(model, name, "tokens_mean", 1, 41.3, 2.2, n))
    for by in ("steps", "scenario"):
        for group in sorted({str(p.meta[by]) for p in members}):
            hits = [hit for hit, p in zip(right, members, strict=True) if str(p.meta[by]) == group]
            share = sum(hits) / len(hits)
            rows.append(_row(model, name, "accuracy", 1, share, 0.05, len(hits), by=by, group=group))
    k = 1
    while samples and k <= samples:
        rows.append(_row(model, name, "pass_at_k", k, 1 - (1 - skill) ** (1 + math.log2(k)), 0.03, n))
        rows.append(_row(model, name, "maj_at_k", k, min(0.95, skill * (1 + 0.06 * math.log2(k))), 0.03, n))
        k *= 2
    if samples:
        rows.append(_row(model, name, "diversity_exact", samples, (0.92 - skill / 2) * samples, 0.3, n))
        rows.append(_row(model, name, "diversity_trace", samples, (0.71 - skill / 2) * samples, 0.3, n))
    return rows


def _selection(
    model: str, name: str, members: Sequence[Problem], drawn: Sequence[Scored], samples: int
) -> list[dict[str, Any]]:
    """Two judges: one looks at the sums, one at the weather."""
    groups = [
        Group(problem, tuple(drawn[at * samples : (at + 1) * samples])) for at, problem in enumerate(members)
    ]
    rng = random.Random(f"judges {model} {name}")
    sums: dict[tuple[str, int], list[float]] = {}
    weather: dict[tuple[str, int], list[float]] = {}
    for scored in drawn:
        key, lines = (scored.rollout.problem_id, scored.rollout.index), scored.rollout.text.split("\n")
        wrong = 0.3 if not scored.reward.value else 0.0
        sums[key] = [min(0.99, max(0.01, rng.gauss(0.7 - wrong, 0.15))) for _ in lines]
        weather[key] = [round(rng.random(), 2) for _ in lines]
    rows = reranking.cluster_rows(groups)
    judges = (("sums", sums), ("weather", weather)) if model == "ei" else (("sums", sums),)
    for judge, scores in judges if name == "test" and model != "base" else ():
        rows += reranking.selection_results(groups, scores, judge=judge, how="avg", subsets=4)
    labels = {
        key: found for key, found in reranking.labels_of(groups).items() if len(found) == len(sums[key])
    }
    if name == "test" and model == "ei":
        rows += reranking.step_results(labels, sums, judge="sums")
    return [{"model": model, "problems": name} | row for row in rows]


def _stage(folder: Path, stage: str, members: Sequence[Problem]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if stage == "ei":
        rows: list[dict[str, float]] = []
        for round_ in range(3):
            drawn = attempts(members, "ei", 0.42 + 0.07 * round_, 8, judged=False)
            write_rollouts(folder / "rollouts" / f"round-{round_:03d}" / "part-00000.parquet", drawn)
            _log(folder / f"round-{round_:03d}" / "fit" / "metrics.jsonl", _fit(90, round_))
            share = sum(s.reward.value or 0.0 for s in drawn) / len(drawn)
            rows.append(
                {"round": round_, "rollouts/accuracy": share, "rollouts/solved": 0.7 + 0.07 * round_}
                | {"data/distinct_right": 2.1 + round_, "validation/accuracy": 0.46 + 0.06 * round_}
                | {"data/rows": 900.0 + 410 * round_, "rollouts/truncated": 0.04}
            )
        _log(folder / "metrics.jsonl", rows)
    else:
        _log(folder / "metrics.jsonl", _fit(600, 0))
    (folder / "config.json").write_text("{}")
    (folder / "DONE.json").write_text("{}")


def _fit(steps: int, seed: int) -> list[dict[str, float]]:
    rng = random.Random(seed)
    return [
        {
            "round": step,
            "train/loss": (0.4 + 1.9 * math.exp(-5 * step / steps)) * rng.uniform(0.93, 1.07),
            "train/lr": 2e-4 * (1 + math.cos(math.pi * step / steps)) / 2,
            "train/grad_norm": rng.uniform(0.4, 1.1),
        }
        for step in range(steps)
    ]


def _log(path: Path, rows: Sequence[dict[str, float]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
