"""First-error F1 of judges of steps, with the threshold chosen on another set, beside guesses.

python -m benchmarks.first_errors JUDGE ... [--on processbench/gsm8k] [--choose prm800k/train-2pct]
    [--without prm800k/train-phase1] [--json FILE]

The threshold is the best one on the chosen solutions of `--choose`, a split of PRM800K, without the questions
of `--without`, which the judge has learned from. 95 % intervals resample questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer

from benchmarks.inputs import JsonFile, callers_mistakes
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
    """Returns chosen solutions whose first error, or its absence, is known."""
    learned = {normalized_text(row.problem) for row in labelled_steps.load(without)}
    rows = [prm800k.chosen_path(problem) for problem in load(name) if prm800k.is_judged(problem)]
    return [
        row
        for row in rows
        if row.first_error is not None and row.steps and normalized_text(row.problem) not in learned
    ]


def scored_to_end(
    judge: ProcessJudge, rows: Sequence[LabelledSolution]
) -> tuple[list[LabelledSolution], list[tuple[float, ...]]]:
    """Returns the solutions that fit into the judge's context, and its scores."""
    scored = zip(rows, judge.marked(rows), strict=True)
    whole = [(row, marks.scores) for row, marks in scored if len(marks.scores) == len(row.steps)]
    return [row for row, _ in whole], [scores for _, scores in whole]


def measures(calls: Sequence[int], rows: Sequence[LabelledSolution]) -> dict[str, float]:
    """Returns F1, the two accuracies in it, and the interval of F1."""
    truth = [-1 if row.first_error is None else row.first_error for row in rows]
    f1 = metrics.first_error_f1(calls, truth)
    questions = dict.fromkeys(row.problem.question for row in rows)
    number = {question: index for index, question in enumerate(questions)}
    sums_Q4 = np.zeros((len(number), 4))
    for call, label, row in zip(calls, truth, rows, strict=True):
        side = 0 if label == -1 else 2
        sums_Q4[number[row.problem.question], side : side + 2] += (call == label, 1)
    random = np.random.default_rng(0)
    count_RQ = random.multinomial(len(sums_Q4), np.full(len(sums_Q4), 1 / len(sums_Q4)), size=RESAMPLES)
    sums_R4 = count_RQ @ sums_Q4
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
    """Returns measures of guesses that ignore the text; `coin` rejects a step with the best chance here."""
    random = np.random.default_rng(0)
    draws = [random.random(len(row.steps)).tolist() for row in rows]
    truth = [-1 if row.first_error is None else row.first_error for row in rows]
    at = metrics.choose_threshold(draws, truth)
    return {
        "always no error": measures([-1] * len(rows), rows),
        "always the first step": measures([0] * len(rows), rows),
        "always the last step": measures([len(row.steps) - 1 for row in rows], rows),
        "coin, best chance": measures([metrics.first_error(draw, at) for draw in draws], rows),
    }


def main(
    judge: list[Path],
    on: str = "processbench/gsm8k",
    choose: str = "prm800k/train-2pct",
    without: str = "prm800k/train-phase1",
    json_file: JsonFile = None,
) -> None:
    """Choose a threshold, and measure it."""
    with callers_mistakes():
        opened_judges = {path: judges.load(path) for path in judge}
        known, rows = paths(choose, without), list(labelled_steps.load(on))
    results = baselines(rows)
    for path, opened in opened_judges.items():
        if not isinstance(opened, ProcessJudge):
            raise SystemExit(f"{path} has no score per step")
        chosen, chosen_scores = scored_to_end(opened, known)
        truth = [-1 if row.first_error is None else row.first_error for row in chosen]
        at = metrics.choose_threshold(chosen_scores, truth)
        read, scores = scored_to_end(opened, rows)
        sizes = {"threshold": at, "chosen on": len(chosen), "read": len(read)}
        for name, cut in (("chosen", at), ("0.5", 0.5)):
            calls = [metrics.first_error(each, cut) for each in scores]
            results[f"{path.parent.name}, {name}"] = measures(calls, read) | sizes
        on_chosen = measures([metrics.first_error(each, at) for each in chosen_scores], chosen)
        results[f"{path.parent.name}, on what it was chosen on"] = on_chosen
    print(f"{on}: {len(rows)} solutions\n{table(results)}")
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
