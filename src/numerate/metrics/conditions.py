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
MOST = 1 / 2
"""share of calls from which on a policy more often reads an error than an output"""
FEW = 0.01
"""calls per rollout below which a policy does not learn to use its tools"""
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


Reading = Callable[[Row], "float | None"]
"""a number of a row, None where the row has none"""


def value_of(*names: str) -> Reading:
    """Returns a function that returns the sum of these statistics that a row has."""

    def read(row: Row) -> float | None:
        values = [row[name] for name in names if name in row]
        return sum(values) if values else None

    return read


def rollout_count(row: Row) -> float | None:
    return row.get("rollouts/count")


def call_count(row: Row) -> float | None:
    """Returns the number of calls of programs."""
    return row["tools/calls"] * (rollout_count(row) or 0.0) if "tools/calls" in row else None


def surely_above(
    history: History, bound: float, share: Reading, count: Reading = rollout_count
) -> float | None:
    """Returns the share over the rows where it is significantly above `bound`, with what `count` counts as
    independent."""
    shares = [(value, count(row)) for row in history.rows if (value := share(row)) is not None]
    measured = [(value, n) for value, n in shares if n]
    if not measured or share(history.rows[-1]) is None:
        return None
    total = max(1, round(sum(n for _, n in measured)))
    mean = min(1.0, max(0.0, sum(value * n for value, n in measured) / total))
    return mean if wilson(mean * total, total, SURE)[0] > bound else None


def share_above(*names: str, bound: float = THIRD) -> Condition:
    return lambda history: surely_above(history, bound, value_of(*names))


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
    names = ("reward/unmeasured", "rollouts/unmeasured")
    return next((share for name in names if (share := share_above(name)(history))), None)


def cut_share(row: Row) -> float | None:
    """Returns the share of the rollouts that ended at a limit of tokens, or where the context was full."""
    by_tools = value_of("tools/max_turns", "tools/tool_error")(row) or 0.0
    return max(0.0, row["rollouts/truncated"] - by_tools) if "rollouts/truncated" in row else None


def cut_above(bound: float = THIRD) -> Condition:
    return lambda history: surely_above(history, bound, cut_share)


def most_calls_fail(history: History) -> float | None:
    return surely_above(history, MOST, value_of("tools/failures"), call_count)


def few_calls(history: History) -> float | None:
    """Returns the calls of programs per rollout where next to no rollout of an engine with tools has one."""
    level = history.level("tools/calls")
    return level if level is not None and level < FEW else None


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
    "tools/calls",
    "tools/code_and_answer",
    "tools/failures",
    "tools/max_turns",
    "tools/no_program",
    "tools/not_json",
    "tools/tool_error",
    "tools/unclosed",
    "train/baseline",
    "train/grad_norm",
    "train/kl",
    "train/old_kl",
    "train/reverse_kl",
    "validation/accuracy",
)
"""all that the checks read"""
