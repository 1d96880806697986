# pyright: strict
"""Advantages without a critic: a rollout against the other rollouts of its group or batch.

A reward of None was not measured: it takes no part in a mean, and its rollout gets None, never 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

Rewards = Sequence[float | None]
Advantages = list[float | None]
EPS = 1e-6
"""keeps a division by a spread of almost nothing finite"""


def group(rewards: Rewards, scale: bool = True) -> Advantages:
    """Returns `A_i = (r_i - mean(r)) / std(r)`, with the standard deviation of the group (divided by G).

    Shao et al. 2024 (arXiv 2402.03300), section 4.1.2. A zero-variance group gets 0.

    Args:
        rewards: rewards of a group; None where a reward was not measured.
        scale: divide by the standard deviation. False: `A_i = r_i - mean(r)`, Liu et al. 2025 (arXiv
            2503.20783, Dr. GRPO), since the division weights problems by their difficulty.
    """
    measured = _measured(rewards)
    if not has_signal(rewards):
        return _each(rewards, lambda r: 0.0)
    mean = math.fsum(measured) / len(measured)
    spread = _spread(measured, mean) + EPS if scale else 1.0
    return _each(rewards, lambda r: (r - mean) / spread)


def leave_one_out(rewards: Rewards) -> Advantages:
    """Returns `A_i = r_i - mean of the other rewards`, a baseline that does not depend on r_i.

    Kool et al. 2019; Ahmadian et al. 2024 (arXiv 2402.14740, RLOO), section 3.2. It is G / (G - 1) times
    r_i - mean(r). A rollout alone gets 0.
    """
    measured = _measured(rewards)
    if not has_signal(rewards):
        return _each(rewards, lambda r: 0.0)
    total, others = math.fsum(measured), len(measured) - 1
    return _each(rewards, lambda r: r - (total - r) / others)


def has_signal(rewards: Rewards) -> bool:
    """Checks whether the group has a gradient: two of its measured rewards differ."""
    return len(set(_measured(rewards))) > 1


def normalize_advantages(advantages: Sequence[Sequence[float]]) -> list[list[float]]:
    """Returns `(A - mean) / std`, both over all tokens of the batch: one list per rollout, one number per
    token.

    Hu et al. 2025 (arXiv 2501.03262, REINFORCE++): over a batch the normalisation is almost unbiased, over a
    group it is not. Where all are equal: 0.
    """
    flat = [a for row in advantages for a in row]
    if len(set(flat)) < 2:
        return [[0.0] * len(row) for row in advantages]
    mean = math.fsum(flat) / len(flat)
    spread = _spread(flat, mean) + EPS
    return [[(a - mean) / spread for a in row] for row in advantages]


def returns_to_go(rewards: Sequence[float]) -> list[float]:
    """Returns per token the sum of the rewards from it on, without discount."""
    return list(accumulate(reversed(rewards)))[::-1]


def overlong_penalty(length: int, longest: int, cache: int) -> float:
    """Returns 0 up to `longest - cache` tokens, then a value that falls linearly to -1 at `longest`.

    Yu et al. 2025 (arXiv 2503.14476, DAPO), eq. 13: a soft penalty near the limit has less noise than one for
    truncated rollouts only. A cache of 0 is no penalty; one above `longest` counts as `longest`.
    """
    free = longest - min(cache, longest)
    return 0.0 if length <= free or not cache else max(-1.0, (free - length) / (longest - free))


def process_advantages(
    rewards: Sequence[Sequence[float]], ends: Sequence[Sequence[int]], lengths: Sequence[int]
) -> list[list[float]]:
    """Returns GRPO's advantages with process supervision: `A_{i,t}` is the sum of the normalised rewards of
    the steps that end at t or later.

    Shao et al. 2024 (arXiv 2402.03300), section 4.1.3. Tokens after the last step get 0.

    Args:
        rewards: of each rollout's steps; all of the group's are normalised together.
        ends: the last token of each step, ascending.
        lengths: number of tokens of each rollout.

    Raises:
        ValueError: rewards and ends do not fit each other.
    """
    normalized = iter(group([r for row in rewards for r in row]))
    normal = [[next(normalized) or 0.0 for _ in row] for row in rewards]
    return [_steps_to_go(*rollout) for rollout in zip(normal, ends, lengths, strict=True)]


def return_advantages(
    rewards: Sequence[Sequence[float]], ends: Sequence[Sequence[int]], lengths: Sequence[int]
) -> list[list[float]]:
    """Returns `A_{i,t} = (G_{i,t} - mean_j G_{j,0}) / std(G)`, with `G_{i,t}` the sum of the rewards of the
    steps that end at t or later, and the standard deviation over all tokens of the group.

    For rewards whose sum is bounded for any number of steps (`clip`, `delta`): `process_advantages` subtracts
    a mean from each of them, so a step without a reward gains as soon as others lose, and the sum is
    unbounded. Here whole rollouts are compared. Where all returns are equal: 0.

    Args:
        rewards: of each rollout's steps.
        ends: the last token of each step, ascending.
        lengths: number of tokens of each rollout.

    Raises:
        ValueError: rewards and ends do not fit each other.
    """
    returns = [_steps_to_go(*rollout) for rollout in zip(rewards, ends, lengths, strict=True)]
    flat = [g for row in returns for g in row]
    if len(set(flat)) < 2:
        return [[0.0] * len(row) for row in returns]
    baseline = math.fsum(row[0] for row in returns if row) / len(returns)
    spread = _spread(flat, math.fsum(flat) / len(flat)) + EPS
    return [[(g - baseline) / spread for g in row] for row in returns]


def _steps_to_go(rewards: Sequence[float], ends: Sequence[int], length: int) -> list[float]:
    if len(rewards) != len(ends) or any(not 0 <= end < length for end in ends):
        raise ValueError(
            f"{len(rewards)} step rewards with ends {list(ends)} in {length} tokens: one end each"
        )
    tokens = [0.0] * length
    for end, reward in zip(ends, rewards, strict=True):
        tokens[end] += reward
    return returns_to_go(tokens)


def _measured(rewards: Rewards) -> list[float]:
    measured = [float(r) for r in rewards if r is not None]
    if not all(map(math.isfinite, measured)):
        raise ValueError("a reward is not a finite number: give None where it could not be measured")
    return measured


def _each(rewards: Rewards, worth: Callable[[float], float]) -> Advantages:
    return [None if r is None else worth(float(r)) for r in rewards]


def _spread(numbers: Sequence[float], mean: float) -> float:
    return math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
