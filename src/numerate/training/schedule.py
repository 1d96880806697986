"""Learning rates, and the rows of an optimizer step, as pure functions of how far the training is: nothing to
save, nothing to resume."""

from __future__ import annotations

import math
import random


def epoch_slice(count: int, parts: int, step: int) -> tuple[int, slice]:
    """Returns the epoch of a step and its slice of the `count` shuffled rows, with `parts` steps per epoch.

    Their sizes differ by at most one: a last step of the few rows that remain would have the whole learning
    rate."""
    epoch, index = divmod(step, parts)
    return epoch, slice(index * count // parts, (index + 1) * count // parts)


def minibatch(count: int, parts: int, step: int, seed: int | str) -> list[int]:
    """Returns the rows of one optimizer step, of `parts` per epoch; every epoch is a new shuffle."""
    epoch, part = epoch_slice(count, parts, step)
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return order[part]


def batch_rows(count: int, size: int, step: int, seed: int | str) -> list[int]:
    """Returns the rows of one optimizer step of at most `size`."""
    return minibatch(count, math.ceil(count / size), step, seed)


def linear(progress: float, peak: float, final: float = 0.0, warmup: float = 0.0) -> float:
    """Returns the learning rate: linear warm-up from 0 over the first `warmup` share, then a straight line
    from `peak` to `final`. progress: steps taken / all steps."""
    if progress < warmup:
        return peak * progress / warmup
    along = (progress - warmup) / (1 - warmup) if warmup < 1 else 1.0
    return final + (peak - final) * (1 - along)


def cosine(progress: float, peak: float, final: float, warmup: float = 0.0) -> float:
    """Returns the learning rate: linear warm-up from 0 over the first `warmup` share, then half a cosine from
    `peak` to `final`.

    progress: steps taken / all steps, in [0, 1]. Havrilla et al. 2024, section 3 (2e-5 to 2e-7): the midpoint
    without warm-up is 1.01e-5.
    """
    if progress < warmup:
        return peak * progress / warmup
    along = (progress - warmup) / (1 - warmup) if warmup < 1 else 1.0
    return final + (peak - final) * 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))
