# pyright: strict
"""Values of the samples of one problem. Their means over problems are metrics (`metrics/catalog.py`)."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Literal

from numerate.answers import strict_gsm8k
from numerate.metrics.answer_shares import cost_ratio
from numerate.metrics.samples import Candidates, diversity, maj_at_k, majk, pass_at_k
from numerate.types import Group


def right_share(group: Group) -> float:
    return fmean(bool(sample.reward.value) for sample in group.rollouts)


def strict_share(group: Group) -> float | None:
    """Checks whether the greedy answer is right by GSM8K's official comparison of strings; None for a
    problem of another source."""
    if not group.problem.source.startswith("gsm8k"):
        return None
    return fmean(strict_gsm8k(sample.rollout.solution, group.problem) for sample in group.rollouts)


def unanswered_share(group: Group) -> float:
    return fmean(sample.rollout.answer is None for sample in group.rollouts)


def truncated_share(group: Group) -> float:
    return fmean(sample.rollout.truncated for sample in group.rollouts)


def mean_tokens(group: Group) -> float:
    return fmean(sum(sample.rollout.mask) for sample in group.rollouts)


def distinct(kind: Literal["exact", "trace"], *, right: bool = False) -> Callable[[Group], float]:
    """Returns the value of `samples.diversity`, over all samples or over the right ones."""

    def count(group: Group) -> float:
        verdicts = [bool(sample.reward.value) for sample in group.rollouts] if right else None
        return diversity([sample.rollout.solution for sample in group.rollouts], verdicts)[kind]

    return count


def pass_chance(problem: Candidates, k: int) -> float:
    return pass_at_k(len(problem.correct), sum(problem.correct), k)


def vote_chance(problem: Candidates, k: int) -> float:
    return maj_at_k(problem.clusters, problem.correct, k)


def largest_hold_right(problem: Candidates, k: int) -> float:
    return float(majk(problem.clusters, problem.correct, k))


def scored_share(problem: Candidates, k: int) -> float:
    return cost_ratio("rerank_topk", [problem], k)
