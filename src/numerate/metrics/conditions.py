# pyright: strict
"""Conditions on the last rows of a stage's log: each function returns the measured value where its condition
holds in the newest row, else None."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Any

from numerate.metrics.intervals import wilson

ROWS = 3
"""rows of the log that a level is measured over: one row may be chance"""
THIRD = 1 / 3
"""share of rollouts or rows from which on the lost ones shape what is learned"""
SURE = 0.99
"""two-sided confidence of the Wilson interval that must lie above a share's threshold"""
NORMS, FEWEST_NORMS = 30, 10
"""steps whose median a gradient norm is compared with, and the fewest"""
SPIKE = 10.0
"""times that median"""
CLIPPED = 1.0
"""gradient norms below the default max_norm change no more than any other step"""
VALIDATIONS = 3
"""validations in a row, each below the one before"""
LOST = 0.05
"""accuracy lost over them: three standard errors of a difference on 500 problems of which a tenth changed"""

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class History:
    """The rows that the checks read. rows: the last ones, the newest last, finite numbers only."""

    rows: Sequence[Row]
    norms: Sequence[float]
    """gradient norms before the newest row"""
    entropy: Sequence[float]
    """of the first rows"""
    validations: Sequence[tuple[float, float]]
    """accuracy, and the mean reward since the validation before; empty where the newest row has none"""

    def values(self, *names: str) -> list[float]:
        """Returns the first of these statistics in each row that has one."""
        firsts = (next((row[name] for name in names if name in row), None) for row in self.rows)
        return [value for value in firsts if value is not None]

    def level(self, *names: str) -> float | None:
        """Returns the mean over ROWS rows; None where there are fewer."""
        values = self.values(*names)
        return fmean(values) if len(values) == ROWS else None


Condition = Callable[[History], "float | None"]


def finite_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def numeric_values(row: Row, name: str) -> list[float]:
    return [row[name]] if name in row else []


def surely_above(history: History, name: str, bound: float) -> float | None:
    """Returns the share over the rows where it is significantly above `bound`, with rollouts as
    independent."""
    rows = [row for row in history.rows if name in row and row.get("rollouts/count")]
    total = round(sum(row["rollouts/count"] for row in rows))
    if not rows or name not in history.rows[-1]:
        return None
    share = min(1.0, max(0.0, sum(row[name] * row["rollouts/count"] for row in rows) / total))
    return share if wilson(share * total, total, SURE)[0] > bound else None


def share_above(name: str, bound: float = THIRD) -> Condition:
    return lambda history: surely_above(history, name, bound)


def level_above(bound: float, *names: str) -> Condition:
    def measure(history: History) -> float | None:
        level = history.level(*names)
        return level if level is not None and level > bound else None

    return measure


def newest_above(name: str, bound: float) -> Condition:
    return lambda history: next((v for v in numeric_values(history.rows[-1], name) if v > bound), None)


OTHER_SIGNAL = ("train/baseline", "train/reverse_kl", "judge/score")
"""logged where the gradient does not rest on the rewards of a group alone"""


def unmeasured_share(history: History) -> float | None:
    if "train/reverse_kl" in history.rows[-1]:  # a teacher's log-probabilities need no reward
        return None
    return surely_above(history, "reward/unmeasured", THIRD) or surely_above(
        history, "rollouts/unmeasured", THIRD
    )


def zero_variance(history: History) -> float | None:
    shares = history.values("rollouts/zero_variance", "reward/equal")
    if len(shares) < ROWS or any(name in history.rows[-1] for name in OTHER_SIGNAL):
        return None
    return fmean(shares) if min(shares) >= 0.9 else None


def overlong_share(history: History) -> float | None:
    row = history.rows[-1]
    lost, kept = row.get("data/overlong", 0.0), row.get("data/rows", 0.0)
    return lost / (lost + kept) if lost > THIRD * (lost + kept) else None


def low_entropy(history: History) -> float | None:
    level = history.level("policy/entropy")
    early = fmean(history.entropy) if len(history.entropy) == ROWS else 0.0
    return level if level is not None and level < max(0.01, 0.1 * early) else None


def sudden_spike(history: History) -> float | None:
    for norm in numeric_values(history.rows[-1], "train/grad_norm"):
        if len(history.norms) >= FEWEST_NORMS and norm > max(CLIPPED, SPIKE * median(history.norms)):
            return norm / max(median(history.norms), 1e-12)
    return None


def worse_with_more_reward(history: History) -> float | None:
    """Returns the accuracy lost over the last validations."""
    if len(history.validations) < VALIDATIONS:
        return None
    (first, reward), (last, more) = history.validations[0], history.validations[-1]
    falls = all(before > after for (before, _), (after, _) in pairwise(history.validations))
    return first - last if falls and first - last >= LOST and more > reward else None


STATS = (
    "data/overlong",
    "data/rows",
    "drift/mean",
    "judge/score",
    "policy/entropy",
    "reward/equal",
    "reward/mean",
    "reward/unmeasured",
    "rollouts/count",
    "rollouts/length",
    "rollouts/no_room",
    "rollouts/truncated",
    "rollouts/unanswered",
    "rollouts/unmeasured",
    "rollouts/zero_variance",
    "train/baseline",
    "train/grad_norm",
    "train/kl",
    "train/old_kl",
    "train/reverse_kl",
    "validation/accuracy",
)
"""all that the checks read"""
