"""First-error F1 of judges of steps, with the threshold chosen on another set, beside what needs no judge.

python -m benchmarks.first_errors JUDGE ... [--on processbench/gsm8k] [--choose prm800k/train-2pct]
    [--without prm800k/train-phase1] [--json FILE]

The threshold is the best one on the chosen solutions of `--choose`, a split of PRM800K, without the questions
of `--without`, which the judge has learned from. 95 % intervals resample questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.sitting import table
from numerate import judges, metrics
from numerate.judges.load_judge import ProcessJudge
from numerate.problems import load
from numerate.problems.decontamination import normalized_text
from numerate.problems.labelled import labelled_steps
from numerate.problems.sets import prm800k
from numerate.types import LabelledSolution

RESAMPLES = 2000


def paths(name: str, without: str) -> list[LabelledSolution]:
    """Chosen solutions of which is known where the first error is, or that there is none."""
    learned = {normalized_text(one.problem) for one in labelled_steps.load(without)}
    found = [prm800k.chosen_path(problem) for problem in load(name) if prm800k.is_judged(problem)]
    return [
        one
        for one in found
        if one.first_error is not None and one.steps and normalized_text(one.problem) not in learned
    ]


def said(
    judge: ProcessJudge, rows: Sequence[LabelledSolution]
) -> tuple[list[LabelledSolution], list[tuple[float, ...]]]:
    """The solutions that the judge can read to their end, and its scores."""
    scored = zip(rows, judge.marked(rows), strict=True)
    whole = [(one, found.scores) for one, found in scored if len(found.scores) == len(one.steps)]
    return [one for one, _ in whole], [scores for _, scores in whole]


def measures(calls: Sequence[int], rows: Sequence[LabelledSolution]) -> dict[str, float]:
    """F1 and the two accuracies in it, and the interval of F1."""
    truth = [-1 if one.first_error is None else one.first_error for one in rows]
    f1 = metrics.first_error_f1(calls, truth)
    number = {name: place for place, name in enumerate(dict.fromkeys(one.problem.question for one in rows))}
    sums_Q4 = np.zeros((len(number), 4))
    for call, label, one in zip(calls, truth, rows, strict=True):
        side = 0 if label == -1 else 2
        sums_Q4[number[one.problem.question], side : side + 2] += (call == label, 1)
    random = np.random.default_rng(0)
    drawn_RQ = random.multinomial(len(sums_Q4), np.full(len(sums_Q4), 1 / len(sums_Q4)), size=RESAMPLES)
    sums_R4 = drawn_RQ @ sums_Q4
    fine_R, fines_R, bad_R, bads_R = sums_R4[(sums_R4[:, [1, 3]] > 0).all(axis=1)].T
    a_R, b_R = fine_R / fines_R, bad_R / bads_R
    f1_R = np.divide(2 * a_R * b_R, a_R + b_R, out=np.zeros_like(a_R), where=a_R + b_R > 0)
    low, high = np.quantile(f1_R, [0.025, 0.975])
    return {
        "F1": f1.f1,
        "low": float(low),
        "high": float(high),
        "found": f1.erroneous,
        "none called": f1.correct,
    }


def baselines(rows: Sequence[LabelledSolution]) -> dict[str, dict[str, float]]:
    """What knows nothing of the text; `coin` calls each step wrong with the chance that pays best here."""
    random = np.random.default_rng(0)
    draws = [random.random(len(one.steps)).tolist() for one in rows]
    truth = [-1 if one.first_error is None else one.first_error for one in rows]
    at = metrics.choose_threshold(draws, truth)
    return {
        "always no error": measures([-1] * len(rows), rows),
        "always the first step": measures([0] * len(rows), rows),
        "always the last step": measures([len(one.steps) - 1 for one in rows], rows),
        "coin, best chance": measures([metrics.first_error(draw, at) for draw in draws], rows),
    }


def main(
    judge: list[Path],
    on: str = "processbench/gsm8k",
    choose: str = "prm800k/train-2pct",
    without: str = "prm800k/train-phase1",
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Choose a threshold, and measure it."""
    known, rows = paths(choose, without), list(labelled_steps.load(on))
    results = baselines(rows)
    for place in judge:
        opened = judges.load(place)
        if not isinstance(opened, ProcessJudge):
            raise SystemExit(f"{place} has no score per step")
        seen, chosen_on = said(opened, known)
        truth = [-1 if one.first_error is None else one.first_error for one in seen]
        at = metrics.choose_threshold(chosen_on, truth)
        read, scores = said(opened, rows)
        found = {"threshold": at, "chosen on": len(seen), "read": len(read)}
        for name, cut in (("chosen", at), ("0.5", 0.5)):
            calls = [metrics.first_error(each, cut) for each in scores]
            results[f"{place.parent.name}, {name}"] = measures(calls, read) | found
        elsewhere = measures([metrics.first_error(each, at) for each in chosen_on], seen)
        results[f"{place.parent.name}, on what it was chosen on"] = elsewhere
    print(f"{on}: {len(rows)} solutions\n{table(results)}")
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
