# pyright: strict
"""First-error metrics: how well step scores locate the first wrong step of a solution.

Zheng et al. 2024 (arXiv 2412.06559, ProcessBench): a solution's label is the index of its first wrong step,
-1 where every step is right. A step counts as wrong where its score is below a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

NO_ERROR = -1


@dataclass(frozen=True, slots=True)
class FirstErrors:
    """ProcessBench's F1 and its two accuracies."""

    f1: float
    """harmonic mean of the two accuracies below, 0 where one of them is 0"""
    erroneous: float
    """accuracy on solutions with an error: the first wrong step is the predicted one"""
    correct: float
    """accuracy on solutions without an error: none is predicted"""
    n_erroneous: int
    n_correct: int


@dataclass(frozen=True, slots=True)
class Position:
    """Precision and recall of wrong steps at one position of their solutions."""

    position: int
    """0 is the first step"""
    precision: float | None
    """share of wrong steps among those predicted wrong; None where none is predicted"""
    recall: float | None
    """share predicted wrong among the wrong steps; None where none is wrong"""
    n: int
    """labelled steps"""
    wrong: int


def first_error(scores: Sequence[float], threshold: float) -> int:
    """Returns the first step that scores below the threshold, -1 where none does."""
    return next((index for index, score in enumerate(scores) if score < threshold), NO_ERROR)


def first_error_f1(predicted: Sequence[int], labels: Sequence[int]) -> FirstErrors:
    """Returns ProcessBench's F1, which is 0 for predicting every step wrong and for predicting none.

    Raises:
        ValueError: lengths differ, or there are not solutions of both kinds.
    """
    if len(predicted) != len(labels):
        raise ValueError(f"{len(predicted)} predictions and {len(labels)} labels: give one of each, in order")
    bad = [p == label for p, label in zip(predicted, labels, strict=True) if label != NO_ERROR]
    fine = [p == label for p, label in zip(predicted, labels, strict=True) if label == NO_ERROR]
    if not bad or not fine:
        raise ValueError("F1 of first errors needs solutions with an error and solutions without one")
    erroneous, correct = sum(bad) / len(bad), sum(fine) / len(fine)
    total = erroneous + correct
    return FirstErrors(
        2 * erroneous * correct / total if total else 0.0, erroneous, correct, len(bad), len(fine)
    )


def choose_threshold(scores: Sequence[Sequence[float]], labels: Sequence[int]) -> float:
    """Returns the threshold with the best F1 on these solutions: to be chosen on one set (the paper: its
    GSM8K part) and used on others. Of equally good ones the lowest; always one of the scores, or one half
    where the F1 of all is 0.

    A solution is judged rightly by the thresholds in (low, high]: high is the lowest score before its first
    error, low that of the error. Counting these stretches makes one sort do for all thresholds. Raises
    ValueError like `first_error_f1`.
    """
    first_error_f1([NO_ERROR] * len(scores), labels)  # the same complaints
    stretches = {True: list[tuple[float, float]](), False: list[tuple[float, float]]()}
    for each, label in zip(scores, labels, strict=True):
        before = each if label == NO_ERROR else each[:label]
        low = -inf if label == NO_ERROR else each[label] if label < len(each) else inf
        high = min(before, default=inf)
        stretches[label == NO_ERROR].append((low, high))
    tried = np.unique([score for each in scores for score in each])
    fine, bad = (_covering(stretches[side], tried) for side in (True, False))
    total = fine + bad
    f1 = np.divide(2 * fine * bad, total, out=np.zeros(len(tried)), where=total > 0)
    return float(tried[int(np.argmax(f1))]) if len(tried) and f1.max() > 0 else 0.5


def _covering(stretches: Sequence[tuple[float, float]], at: np.ndarray) -> np.ndarray:
    """Returns the share of the stretches (low, high] that each point lies in."""
    real = np.array([stretch for stretch in stretches if stretch[0] < stretch[1]]).reshape(-1, 2)
    started = np.searchsorted(np.sort(real[:, 0]), at, side="left")
    ended = np.searchsorted(np.sort(real[:, 1]), at, side="left")
    return (started - ended) / len(stretches)


def by_position(
    scores: Sequence[Sequence[float]], labels: Sequence[Sequence[bool | None]], threshold: float
) -> list[Position]:
    """Returns precision and recall of the wrong steps, position by position.

    Raises:
        ValueError: a solution has not one score per step.
    """
    seen: dict[int, list[tuple[bool, bool]]] = {}
    for number, (each, truth) in enumerate(zip(scores, labels, strict=True)):
        if len(each) != len(truth):
            raise ValueError(f"solution {number} has {len(each)} scores for {len(truth)} steps")
        for index, (score, right) in enumerate(zip(each, truth, strict=True)):
            if right is not None:
                seen.setdefault(index, []).append((score < threshold, not right))
    return [_position(index, seen[index]) for index in sorted(seen)]


def _position(index: int, calls: Sequence[tuple[bool, bool]]) -> Position:
    called, wrong = sum(call for call, _ in calls), sum(truth for _, truth in calls)
    both = sum(call and truth for call, truth in calls)
    return Position(
        index, both / called if called else None, both / wrong if wrong else None, len(calls), wrong
    )
