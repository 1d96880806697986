"""Maps step ends (characters) to token positions, counting trained tokens only: neither a prefix of the
solution nor the output of a calculator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from numerate import credit
from numerate.types import Rollout

Decode = Callable[[list[int]], str]


def own_steps(
    rollout: Rollout, ends: Sequence[int], rewards: Sequence[float], decode: Decode
) -> tuple[list[int], list[float]]:
    """Returns the steps that the policy wrote: the token that each ends with, and its reward.

    ends: in the characters of the whole solution. A prefix of it consists of whole lines, which earn no
    reward."""
    prefix = len(rollout.prefix)
    kept = [(end - prefix, reward) for end, reward in zip(ends, rewards, strict=True) if end >= prefix]
    ids = [i for turn in rollout.completion_turns for i in turn.ids]
    places = credit.end_tokens(ids, [end for end, _ in kept], decode)
    return own_positions(rollout, places), [reward for _, reward in kept]


def own_positions(rollout: Rollout, places: Sequence[int]) -> list[int]:
    """Maps positions among the tokens of the answer to positions among the policy's own; a token of a
    calculator maps to the last own one before it."""
    upto = list(accumulate(turn.trained for turn in rollout.completion_turns for _ in turn.ids))
    return [upto[position] - 1 for position in places]
