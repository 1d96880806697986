"""Maps step ends (characters) to token positions, counting trained tokens only: neither a prefix of the
solution nor the output of a calculator or a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from numerate import credit
from numerate.types import Rollout, Turn

Decode = Callable[[list[int]], str]


def own_steps(
    rollout: Rollout, ends: Sequence[int], rewards: Sequence[float], decode: Decode
) -> tuple[list[int], list[float]]:
    """Returns the steps that the policy wrote: the token that each ends with, and its reward.

    ends: in the characters of the whole solution. A prefix of it consists of whole lines, which earn no
    reward. A step that ends in the output of a program ends with the call before it."""
    prefix = len(rollout.prefix)
    kept = [(end - prefix, reward) for end, reward in zip(ends, rewards, strict=True) if end >= prefix]
    parts = list(completion_parts(rollout))
    places = [own_place(parts, end, decode) for end, _ in kept]
    return places, [reward for _, reward in kept]


@dataclass(frozen=True, slots=True)
class CompletionPart:
    """Turns between outputs of programs, or such an output. Its tokens say its text by themselves; those of a
    chat template around an output say something else."""

    turns: Sequence[Turn]
    end: int
    """in characters of the completion"""
    own: int
    """tokens of the policy before it"""

    @property
    def text(self) -> str:
        return "".join(turn.text for turn in self.turns)


def completion_parts(rollout: Rollout) -> Iterator[CompletionPart]:
    end = own = 0
    for _, run in groupby(rollout.completion_turns, key=lambda turn: turn.role == "tool"):
        turns = list(run)
        end += sum(len(turn.text) for turn in turns)
        yield CompletionPart(turns, end, own)
        own += sum(len(turn.ids) for turn in turns if turn.trained)


def own_place(parts: Sequence[CompletionPart], end: int, decode: Decode) -> int:
    """Returns the token of the policy that a step ends with. end: in characters of the completion."""
    part = next((part for part in parts if end <= part.end), parts[-1])
    if part.turns[0].role == "tool":
        return part.own - 1
    ids = [i for turn in part.turns for i in turn.ids]
    start = part.end - len(part.text)
    return part.own + own_positions(part.turns, credit.end_tokens(ids, [end - start], decode))[0]


def own_positions(turns: Sequence[Turn], places: Sequence[int]) -> list[int]:
    """Maps positions among the tokens of turns to positions among the policy's own; a token of a calculator
    maps to the last own one before it."""
    upto = list(accumulate(turn.trained for turn in turns for _ in turn.ids))
    return [upto[position] - 1 for position in places]
