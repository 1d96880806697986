# pyright: strict
"""Positions in tokens: of the ends of steps, and of the trained tokens in a row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def end_tokens(ids: Sequence[int], ends: Sequence[int], decode: Callable[[list[int]], str]) -> list[int]:
    """Maps lengths of the text in characters to the index of the token that reaches each.

    Nothing is tokenized again: prefixes of the ids are decoded, some log2(T) per step.

    Args:
        ids: the sampled tokens.
        ends: where steps end in decode(ids), see `Step.end`.
        decode: ids to text.
    """

    def length(tokens: int) -> int:
        return len(decode(list(ids[:tokens])))

    counts = range(1, len(ids) + 1)
    counted = (bisect_left(counts, end, key=length) for end in ends)
    return [min(token, len(ids) - 1) for token in counted]


def gather_trained(mask: Sequence[bool], column: Sequence[T]) -> list[T]:
    """Returns a column of a row, which has one value per token, at the trained tokens."""
    return [value for value, trained in zip(column, mask, strict=True) if trained]


def scatter_trained(mask: Sequence[bool], values: float | Sequence[float]) -> list[float]:
    """Returns a column of a row from one value per trained token, or one for all of them; exactly 0 off the
    trained tokens. Raises ValueError for another number of values."""
    trained = [position for position, is_trained in enumerate(mask) if is_trained]
    column = [0.0] * len(mask)
    each = values if isinstance(values, Sequence) else [values] * len(trained)
    for position, value in zip(trained, each, strict=True):
        column[position] = value
    return column
