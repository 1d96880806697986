# pyright: strict
"""Scores of steps as rewards: one number for the whole solution, or one bounded number per step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

Refine = Literal["none", "clip", "delta", "clip_delta", "gain"]
"""refinements of step scores, by the names of recipes"""

AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {
        "avg": lambda p: math.fsum(p) / len(p),
        "prod": math.prod,
        "max": max,
        "min": min,
        "last": lambda p: p[-1],
    }
)
"""name -> function of a solution's step scores"""


def aggregate(step_scores: Sequence[float], how: str) -> float:
    """Returns the scores of a solution's steps as one number; 0.0 for a solution without steps.

    Pan et al. 2023 (arXiv 2311.05821): PRM-Avg, -Prod, -Max, -Min. `last` is the score of the whole by an
    outcome reward model. max rewards one good step among bad ones, prod and min penalise length.

    Args:
        step_scores: one per step.
        how: a key of `AGGREGATES`.

    Raises:
        ValueError: `how` is unknown, or a score is not finite.
    """
    if how not in AGGREGATES:
        raise ValueError(f"unknown way {how!r} to aggregate step scores: use one of {', '.join(AGGREGATES)}")
    return float(AGGREGATES[how](_finite(step_scores))) if step_scores else 0.0


def clip(step_scores: Sequence[float], eta: float) -> list[float]:
    """Returns `r_k = min(p_k - eta, 0)`: no step has a positive reward, so more steps never raise the sum.

    Gao et al. 2024 (arXiv 2410.15115), the Clip mechanism. With eta at a low quantile of the scores most
    steps get 0.

    Raises:
        ValueError: a number is not finite.
    """
    _finite([eta])
    return [min(p - eta, 0.0) for p in _finite(step_scores)]


def delta(step_scores: Sequence[float]) -> list[float]:
    """Returns `r_k = p_k - p_{k+1}` for k < K-1, `p_k` for k = K-1, and 0 for the last step, which the
    reward of the right answer covers.

    Gao et al. 2024 (arXiv 2410.15115), the Delta mechanism: the sum is p_1 and the return from step k on is
    p_k, whatever follows. Clip-Delta is delta(clip(p, eta)), in this order. One step gives [0], none [].

    Raises:
        ValueError: a score is not finite.
    """
    p = _finite(step_scores)
    if not p:
        return []
    return [p[k] - p[k + 1] for k in range(len(p) - 2)] + p[-2:-1] + [0.0]


def gain(step_scores: Sequence[float]) -> list[float]:
    """Returns `r_k = p_k - p_{k-1}` with p_0 = 0: the change of an outcome reward model's score by step k.

    The dense reward by an ORM of Havrilla et al. 2024 (arXiv 2403.04642), who do not state its formula. This
    one telescopes: the sum is p_K, the score of the whole, for any number of steps.

    Raises:
        ValueError: a score is not finite.
    """
    p = _finite(step_scores)
    return [after - before for before, after in pairwise([0.0, *p])]


def refine_step_scores(step_scores: Sequence[float], how: Refine, eta: float) -> list[float]:
    """Returns step rewards by the name of a refinement. Clip comes before Delta: the order matters."""
    if how == "gain":
        return gain(step_scores)
    rewards = clip(step_scores, eta) if how in ("clip", "clip_delta") else _finite(step_scores)
    return delta(rewards) if how in ("delta", "clip_delta") else rewards


def score_quantile(step_scores: Sequence[float], share: float) -> float:
    """Returns the score below which `share` of the scores lie, by linear interpolation.

    Raises:
        ValueError: there are no scores.
    """
    p = sorted(_finite(step_scores))
    if not p:
        raise ValueError(
            "no step has a score, so the scores have no quantile: check that the rollouts have steps"
        )
    position = share * (len(p) - 1)
    low = int(position)
    high = min(low + 1, len(p) - 1)
    return p[low] + (position - low) * (p[high] - p[low])


def _finite(scores: Sequence[float]) -> list[float]:
    values = [float(score) for score in scores]
    if not all(map(math.isfinite, values)):
        raise ValueError("a step score is not a finite number: drop the solutions that could not be scored")
    return values
