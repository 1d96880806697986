# pyright: strict
"""Scores of steps as a reward: one number for the whole solution, or one per step that cannot be farmed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

Refine = Literal["none", "clip", "delta", "clip_delta", "gain"]

AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {
        "avg": lambda p: math.fsum(p) / len(p),
        "prod": math.prod,
        "max": max,
        "min": min,
        "last": lambda p: p[-1],
    }
)


def aggregate(step_scores: Sequence[float], how: str) -> float:
    """The K scores of a solution's steps as one number.

    Pan et al. 2023 (arXiv 2311.05821): PRM-Avg, -Prod, -Max, -Min; last is what an outcome judge
    says of the whole. max rewards one good step among bad ones, prod and min punish length.

    A solution without steps has earned nothing: 0.0, whatever `how` is. Raises ValueError for an unknown
    `how` and for a score that is not a finite number.
    """
    if how not in AGGREGATES:
        raise ValueError(f"unknown way {how!r} to aggregate step scores: use one of {', '.join(AGGREGATES)}")
    return float(AGGREGATES[how](_finite(step_scores))) if step_scores else 0.0


def clip(step_scores: Sequence[float], eta: float) -> list[float]:
    """r_k = min(p_k - eta, 0): a step can lose but never win, so more steps never pay.

    Gao et al. 2024 (arXiv 2410.15115), the Clip mechanism. With eta at a low quantile of the scores most
    steps get 0. Raises ValueError for a number that is not finite.
    """
    _finite([eta])
    return [min(p - eta, 0.0) for p in _finite(step_scores)]


def delta(step_scores: Sequence[float]) -> list[float]:
    """r_k = p_k - p_{k+1} for k < K-1, p_k for k = K-1, and 0 for the last step, which the reward for the
    right answer covers.

    Gao et al. 2024 (arXiv 2410.15115), the Delta mechanism. It is "this minus next": the sum is p_1 and the
    return from step k on is p_k, whatever follows. Clip-Delta is delta(clip(p, eta)), in this order. One step
    gives [0], none gives []. Raises ValueError for a score that is not finite.
    """
    p = _finite(step_scores)
    if not p:
        return []
    return [p[k] - p[k + 1] for k in range(len(p) - 2)] + p[-2:-1] + [0.0]


def gain(step_scores: Sequence[float]) -> list[float]:
    """r_k = p_k - p_{k-1}, p_0 = 0: how much surer a judge of outcomes is after step k than before it.

    The dense reward by an ORM of Havrilla et al. 2024 (arXiv 2403.04642), who do not give its formula. This
    one telescopes: the sum is p_K, what the judge says of the whole, however many steps there are. Raises
    ValueError for a score that is not finite.
    """
    p = _finite(step_scores)
    return [after - before for before, after in pairwise([0.0, *p])]


def refine_step_scores(step_scores: Sequence[float], how: Refine, eta: float) -> list[float]:
    """The rewards of steps by the name that recipes use. Clip comes before Delta: the order matters."""
    if how == "gain":
        return gain(step_scores)
    rewards = clip(step_scores, eta) if how in ("clip", "clip_delta") else _finite(step_scores)
    return delta(rewards) if how in ("delta", "clip_delta") else rewards


def score_quantile(step_scores: Sequence[float], share: float) -> float:
    """The score below which `share` of them lie, between neighbours on a line. Raises ValueError without
    scores."""
    p = sorted(_finite(step_scores))
    if not p:
        raise ValueError("no step was scored, so the scores have no quantile: do the attempts have steps?")
    position = share * (len(p) - 1)
    low = int(position)
    high = min(low + 1, len(p) - 1)
    return p[low] + (position - low) * (p[high] - p[low])


def _finite(scores: Sequence[float]) -> list[float]:
    values = [float(score) for score in scores]
    if not all(map(math.isfinite, values)):
        raise ValueError("a step score is not a finite number: drop the solutions that could not be judged")
    return values
