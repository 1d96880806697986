"""Labels by sampling beside the oracle's, by the number of continuations of a step.

python -m benchmarks.step_labels RUN [--stage labels] [--threshold 0 --threshold 0.5]
    [--no-monotone] [--json FILE]

RUN is the folder of a run with a `step_labels` stage on stories. Its continuations are used again for every
smaller K: of 32 there are 32 draws of one, 16 of two, ..., and the numbers of K are means over them. The
truth of a prefix is the oracle's `reachable`; prefixes that it does not decide are left out, and so is the
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

from benchmarks.inputs import JsonFile, callers_mistakes
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
    index: int
    steps: int
    """of the reference solution"""
    truth: bool
    good: float
    """share of the draws whose label is good"""
    right: float
    """share of all continuations that are right"""


def labelled(run: Path, stage: str) -> list[LabelledRollout]:
    folder = RunFolder.existing(run)
    path = folder.stage(stage)
    named = read_json(path / "config.json").get("problems")
    if not (path / "continuations").exists() or named is None:
        raise ValueError(f"{path} is no completed stage of step_labels: name another with --stage")
    problems = {problem.id: problem for problem in read_problems(folder.problems(named))}
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for scored in read_rollouts(path / "continuations"):
        outcomes[scored.rollout.problem_id].append(bool(scored.reward.value))
    oracle, rollouts = Oracle(), list[LabelledRollout]()
    for scored in read_rollouts(path / "rollouts"):
        problem = problems[scored.rollout.problem_id]
        prefixes = list(step_prefixes(scored, Group(problem, (scored,))))
        reachable = oracle.judge(problem, scored.rollout.text).reachable
        hits = tuple(tuple(outcomes[prefix.id]) for prefix in prefixes)
        rollouts.append(LabelledRollout(problem, reachable[: len(hits)], hits))
    return rollouts


def called(rollouts: Sequence[LabelledRollout], k: int, threshold: float, monotone: bool) -> list[Called]:
    """Returns the labels that K continuations give every prefix that the oracle decides."""
    return [call for rollout in rollouts for call in _called(rollout, k, threshold, monotone)]


def _called(rollout: LabelledRollout, k: int, threshold: float, monotone: bool) -> Iterator[Called]:
    if not rollout.hits:
        return
    draws = len(rollout.hits[0]) // k
    good_DP = [
        prefix_labels([hits[d * k : (d + 1) * k] for hits in rollout.hits], threshold, monotone)
        for d in range(draws)
    ]
    for index, truth in enumerate(rollout.truth):
        if truth is not None:
            steps = int(rollout.problem.meta["steps"])
            good = sum(row[index] for row in good_DP) / draws
            right = float(np.mean(rollout.hits[index]))
            yield Called(rollout.problem.id, index, steps, truth, good, right)


def share(calls: Sequence[Called], value: Callable[[Called], float]) -> tuple[float, float, float]:
    """Returns a mean over prefixes, and its interval over problems."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for call in calls:
        sums[call.problem][0] += value(call)
        sums[call.problem][1] += 1
    if not sums:
        return float("nan"), float("nan"), float("nan")
    sums_P2 = np.array(list(sums.values()))
    random = np.random.default_rng(0)
    count_RP = random.multinomial(len(sums_P2), np.full(len(sums_P2), 1 / len(sums_P2)), size=RESAMPLES)
    total_R2 = count_RP @ sums_P2
    low, high = np.quantile(total_R2[:, 0] / total_R2[:, 1], [0.025, 0.975])
    return float(sums_P2[:, 0].sum() / sums_P2[:, 1].sum()), float(low), float(high)


def agreement(call: Called) -> float:
    return call.good if call.truth else 1 - call.good


def measures(calls: Sequence[Called]) -> dict[str, float]:
    """Returns the agreement with its interval, and the rates of both errors."""
    agreed, low, high = share(calls, agreement)
    good, bad = [call for call in calls if call.truth], [call for call in calls if not call.truth]
    return {
        "prefixes": float(len(calls)),
        "agreement": agreed,
        "low": low,
        "high": high,
        "good called bad": share(good, lambda call: 1 - call.good)[0],
        "bad called good": share(bad, lambda call: call.good)[0],
        "right from good": share(good, lambda call: call.right)[0],
        "right from bad": share(bad, lambda call: call.right)[0],
    }


def split(calls: Sequence[Called], key: Callable[[Called], int], name: str) -> dict[str, dict[str, float]]:
    parts: dict[int, list[Called]] = defaultdict(list)
    for call in calls:
        parts[key(call)].append(call)
    return {f"{name} {k}": measures(parts[k]) for k in sorted(parts)}


def by_length(calls: Sequence[Called]) -> dict[str, float]:
    return {name: row["agreement"] for name, row in split(calls, lambda call: call.steps, "steps").items()}


def main(
    run: Path,
    stage: str = "labels",
    threshold: Annotated[
        list[float] | None, typer.Option(help="May be given several times; 0 and 0.5.")
    ] = None,
    monotone: bool = True,
    json_file: JsonFile = None,
) -> None:
    """Agreement by K and threshold; at the largest K also by step, by length and by what is left."""
    with callers_mistakes():
        rollouts = labelled(run, stage)
    most = max((len(rollout.hits[0]) for rollout in rollouts if rollout.hits), default=0)
    if not most:
        raise typer.BadParameter(f"{run}: no rollout of {stage!r} has more than one step")
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64) if k <= most]
    results: dict[str, dict[str, dict[str, float]]] = {}
    for least in threshold or (0.0, 0.5):
        title = f"threshold {least:g}"
        results[title] = {f"K={k}": measures(called(rollouts, k, least, monotone)) for k in ks}
        results[f"{title}, agreement by K and length"] = {
            f"K={k}": by_length(called(rollouts, k, least, monotone)) for k in ks
        }
        calls = called(rollouts, most, least, monotone)
        results[f"{title}, K={most}, by step"] = split(calls, lambda call: call.index + 1, "step")
        results[f"{title}, K={most}, by length"] = split(calls, lambda call: call.steps, "steps")
        results[f"{title}, K={most}, by what is left"] = split(
            calls, lambda call: max(0, call.steps - call.index - 1), "left"
        )
    always = share(called(rollouts, most, 0.0, monotone), lambda call: float(call.truth))
    print(f"{len(rollouts)} rollouts; good prefixes {always[0]:.3f} [{always[1]:.3f}, {always[2]:.3f}]")
    for name, rows in results.items():
        print(f"\n{name}\n{table(rows)}")
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
