"""Where the steps of an attempt end, among the tokens that the policy wrote: neither what it was given of the
solution nor what a calculator wrote into it is its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from numerate import credit
from numerate.types import Rollout

Decode = Callable[[list[int]], str]


def own_steps(
    rollout: Rollout, ends: Sequence[int], rewards: Sequence[float], decode: Decode
) -> tuple[list[int], list[float]]:
    """The steps that the policy wrote: the token that each ends with, and its reward.

    ends: in the characters of the whole solution. What was given of it are whole lines, and nobody is paid
    for them."""
    given = len(rollout.prefix)
    kept = [(end - given, reward) for end, reward in zip(ends, rewards, strict=True) if end >= given]
    ids = [i for turn in rollout.completion_turns for i in turn.ids]
    places = credit.end_tokens(ids, [end for end, _ in kept], decode)
    return own_positions(rollout, places), [reward for _, reward in kept]


def own_positions(rollout: Rollout, places: Sequence[int]) -> list[int]:
    """Places among the tokens of the answer as places among those that the policy wrote; what a calculator
    wrote counts for the last one before it."""
    upto = list(accumulate(turn.trained for turn in rollout.completion_turns for _ in turn.ids))
    return [upto[place] - 1 for place in places]
