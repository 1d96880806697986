# pyright: strict
"""Maps characters of a solution to its sampled tokens."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence


def end_tokens(ids: Sequence[int], ends: Sequence[int], decode: Callable[[list[int]], str]) -> list[int]:
    """Returns for each number of characters the token with which the text has become that long.

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
