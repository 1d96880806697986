"""Labels by sampling beside the oracle's: how many continuations does a step need?

python -m benchmarks.step_labels RUN [--stage labels] [--threshold 0 --threshold 0.5]
    [--no-monotone] [--json FILE]

RUN is the folder of a run with a `step_labels` stage on stories. Its continuations are used again for every
smaller K: of 32 there are 32 draws of one, 16 of two, ..., and what is said of K is the mean over them. The
truth of a prefix is the oracle's `reachable`; prefixes of which it says nothing are left out, and so is the
last step of a rollout, whose label is the final answer. 95 % intervals resample problems.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.sitting import table
from numerate.judges import Oracle
from numerate.methods.step_labels import prefix_labels, step_prefixes
from numerate.store import RunFolder, read_json, read_problems, read_rollouts
from numerate.types import Group, Problem

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class LabelledRollout:
    problem: Problem
    truth: tuple[bool | None, ...]
    """per prefix before the last step: can it still reach the answer?"""
    hits: tuple[tuple[bool, ...], ...]
    """per prefix: did each continuation reach it?"""


@dataclass(frozen=True, slots=True)
class Called:
    """One prefix at one K: a share, because there are several draws of K continuations."""

    problem: str
    place: int
    steps: int
    """of the reference solution"""
    truth: bool
    good: float
    """share of the draws whose label is good"""
    right: float
    """share of all continuations that are right"""


def labelled(run: Path, stage: str) -> list[LabelledRollout]:
    folder = RunFolder.existing(run)
    place = folder.stage(stage)
    named = read_json(place / "config.json")["problems"]
    problems = {problem.id: problem for problem in read_problems(folder.problems(named))}
    found: dict[str, list[bool]] = defaultdict(list)
    for scored in read_rollouts(place / "continuations"):
        found[scored.rollout.problem_id].append(bool(scored.reward.value))
    oracle, rollouts = Oracle(), list[LabelledRollout]()
    for scored in read_rollouts(place / "rollouts"):
        problem = problems[scored.rollout.problem_id]
        begun = list(step_prefixes(scored, Group(problem, (scored,))))
        reachable = oracle.judge(problem, scored.rollout.text).reachable
        hits = tuple(tuple(found[one.id]) for one in begun)
        rollouts.append(LabelledRollout(problem, reachable[: len(hits)], hits))
    return rollouts


def called(rollouts: Sequence[LabelledRollout], k: int, threshold: float, monotone: bool) -> list[Called]:
    """What K continuations say of every prefix that the oracle says something of."""
    return [one for rollout in rollouts for one in _called(rollout, k, threshold, monotone)]


def _called(rollout: LabelledRollout, k: int, threshold: float, monotone: bool) -> Iterator[Called]:
    if not rollout.hits:
        return
    drawn = len(rollout.hits[0]) // k
    good_DP = [
        prefix_labels([hits[d * k : (d + 1) * k] for hits in rollout.hits], threshold, monotone)
        for d in range(drawn)
    ]
    for place, truth in enumerate(rollout.truth):
        if truth is not None:
            steps = int(rollout.problem.meta["steps"])
            good = sum(row[place] for row in good_DP) / drawn
            right = float(np.mean(rollout.hits[place]))
            yield Called(rollout.problem.id, place, steps, truth, good, right)


def share(calls: Sequence[Called], value: Callable[[Called], float]) -> tuple[float, float, float]:
    """A mean over prefixes, and its interval over problems."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in calls:
        sums[one.problem][0] += value(one)
        sums[one.problem][1] += 1
    if not sums:
        return float("nan"), float("nan"), float("nan")
    sums_P2 = np.array(list(sums.values()))
    random = np.random.default_rng(0)
    drawn_RP = random.multinomial(len(sums_P2), np.full(len(sums_P2), 1 / len(sums_P2)), size=RESAMPLES)
    total_R2 = drawn_RP @ sums_P2
    low, high = np.quantile(total_R2[:, 0] / total_R2[:, 1], [0.025, 0.975])
    return float(sums_P2[:, 0].sum() / sums_P2[:, 1].sum()), float(low), float(high)


def agreement(one: Called) -> float:
    return one.good if one.truth else 1 - one.good


def measures(calls: Sequence[Called]) -> dict[str, float]:
    """Agreement with its interval, and the two ways to be wrong."""
    agreed, low, high = share(calls, agreement)
    good, bad = [one for one in calls if one.truth], [one for one in calls if not one.truth]
    return {
        "prefixes": float(len(calls)),
        "agreement": agreed,
        "low": low,
        "high": high,
        "good called bad": share(good, lambda one: 1 - one.good)[0],
        "bad called good": share(bad, lambda one: one.good)[0],
        "right from good": share(good, lambda one: one.right)[0],
        "right from bad": share(bad, lambda one: one.right)[0],
    }


def split(calls: Sequence[Called], key: Callable[[Called], int], name: str) -> dict[str, dict[str, float]]:
    parts: dict[int, list[Called]] = defaultdict(list)
    for one in calls:
        parts[key(one)].append(one)
    return {f"{name} {k}": measures(parts[k]) for k in sorted(parts)}


def by_length(calls: Sequence[Called]) -> dict[str, float]:
    return {name: row["agreement"] for name, row in split(calls, lambda one: one.steps, "steps").items()}


def main(
    run: Path,
    stage: str = "labels",
    threshold: Annotated[
        list[float] | None, typer.Option(help="May be given several times; 0 and 0.5.")
    ] = None,
    monotone: bool = True,
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Agreement by K and threshold; at the largest K also by place, by length and by what is left."""
    rollouts = labelled(run, stage)
    most = max(len(rollout.hits[0]) for rollout in rollouts if rollout.hits)
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64) if k <= most]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for least in threshold or (0.0, 0.5):
        said = f"threshold {least:g}"
        found[said] = {f"K={k}": measures(called(rollouts, k, least, monotone)) for k in ks}
        found[f"{said}, agreement by K and length"] = {
            f"K={k}": by_length(called(rollouts, k, least, monotone)) for k in ks
        }
        calls = called(rollouts, most, least, monotone)
        found[f"{said}, K={most}, by step"] = split(calls, lambda one: one.place + 1, "step")
        found[f"{said}, K={most}, by length"] = split(calls, lambda one: one.steps, "steps")
        found[f"{said}, K={most}, by what is left"] = split(
            calls, lambda one: max(0, one.steps - one.place - 1), "left"
        )
    always = share(called(rollouts, most, 0.0, monotone), lambda one: float(one.truth))
    print(f"{len(rollouts)} rollouts; good prefixes {always[0]:.3f} [{always[1]:.3f}, {always[2]:.3f}]")
    for name, rows in found.items():
        print(f"\n{name}\n{table(rows)}")
    if json_file:
        json_file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
