# pyright: strict
"""From characters of a solution to the tokens that it was written in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence


def end_tokens(ids: Sequence[int], ends: Sequence[int], decode: Callable[[list[int]], str]) -> list[int]:
    """For each number of characters the token with which the text has become that long.

    ends: where steps end in decode(ids), as in `Step.end`. Nothing is tokenized again: prefixes of the ids
    are decoded, some log2(T) per step."""

    def length(tokens: int) -> int:
        return len(decode(list(ids[:tokens])))

    counts = range(1, len(ids) + 1)
    counted = (bisect_left(counts, end, key=length) for end in ends)
    return [min(token, len(ids) - 1) for token in counted]
