"""Importance correction for rollouts that another program than the learner sampled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from numerate.credit import gather_trained
from numerate.training.policy_gradient import LARGEST
from numerate.types import Example, Stats

Correction = Literal["truncate", "mask", "none"]


def importance_weights(
    old: Sequence[float], sampler: Sequence[float], how: Correction, cap: float, floor: float
) -> list[float]:
    """Returns w_t = pi_old(o_t) / pi_sampler(o_t) for tokens sampled by another program than the learner.

    truncate: min(w, cap), Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL
    training" (TIS). mask: w within [floor, cap], else 0, which leaves the token out (MIS, IcePop). none:
    1."""
    if how == "none":
        return [1.0] * len(old)
    ratios = [math.exp(min(o - s, LARGEST)) for o, s in zip(old, sampler, strict=True)]
    if how == "truncate":
        return [min(w, cap) for w in ratios]
    return [w if floor <= w <= cap else 0.0 for w in ratios]


def add_is_correction(
    rows: Sequence[Example],
    sampler_logps: Sequence[Sequence[float] | None],
    how: Correction,
    cap: float,
    floor: float,
) -> tuple[list[Example], Stats]:
    """Returns the rows with the column `correction`, and its statistics over their trained tokens; `bound` is
    the share that was clipped or masked. sampler_logps: the sampler's log-probabilities of each row; 1
    without."""
    out: list[Example] = []
    seen: list[float] = []
    for row, sampler in zip(rows, sampler_logps, strict=True):
        old = row.token["old_logp"]
        weights = [1.0] * len(old)
        if sampler is not None and sampler is not old:
            weights = importance_weights(old, sampler, how, cap, floor)
        seen += gather_trained(row.mask, weights)
        out.append(row.with_token(correction=weights))
    if not seen:
        return out, {}
    return out, {
        "correction/mean": sum(seen) / len(seen),
        "correction/min": min(seen),
        "correction/max": max(seen),
        "correction/bound": sum(w in (0.0, cap) for w in seen) / len(seen),
    }
