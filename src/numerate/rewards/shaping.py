"""Rewards for the form of a rollout, for use beside `correct`.

    cosine_length   b + (a - b) (1 + cos(pi L / L_max)) / 2, from a at length 0 to b at L_max; other a
                    and b for wrong answers (Yeo et al. 2025, arXiv:2502.03373)
    repetition      -(1 - different n-grams / n-grams) (the same, appendix C.2)
    overlong        0, near the longest length down to -1 (Yu et al. 2025, arXiv:2503.14476, eq. 13)
    answer_format   1 where the final answer is marked

L: tokens that `max_tokens` counts, those of a calculator included. Numbers are options of a recipe's reward:
`{path: numerate.rewards.shaping.repetition, options: {n: 4}}`. The defaults of the cosine are those of
ms-swift, n is TRL's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from numerate.answers import find
from numerate.credit import overlong_penalty as soft_overlong
from numerate.types import Kind

Ids = Sequence[Sequence[int]]


def cosine_length(
    completion_ids: Ids,
    correct: Sequence[float | None],
    longest: int = 256,
    right_short: float = 1.0,
    right_long: float = 0.5,
    wrong_short: float = -0.5,
    wrong_long: float = 0.0,
    exceeded: float = -0.5,
) -> list[float | None]:
    """Returns rewards that fall with the length of right rollouts and rise with the length of wrong ones.

    Args:
        completion_ids: tokens of each completion.
        correct: 1 right, 0 wrong, None without a reference answer: the reward is None too.
        longest: L_max, in tokens.
        right_short: of a right rollout without length.
        right_long: of a right rollout at L_max.
        wrong_short: of a wrong rollout without length.
        wrong_long: of a wrong rollout at L_max.
        exceeded: of any rollout of L_max tokens or more.
    """

    def penalty(length: int, right: float | None) -> float | None:
        if right is None:
            return None
        if length >= longest:
            return exceeded
        short, long = (right_short, right_long) if right else (wrong_short, wrong_long)
        return long + (short - long) * (1 + math.cos(math.pi * length / longest)) / 2

    return [penalty(len(ids), right) for ids, right in zip(completion_ids, correct, strict=True)]


def repetition(completion_ids: Ids, n: int = 3) -> list[float]:
    """Returns 0 where no n-gram of tokens is repeated, down towards -1; 0 for fewer than n tokens."""
    return [_repeated(ids, n) for ids in completion_ids]


def _repeated(ids: Sequence[int], n: int) -> float:
    grams = [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]
    return len(set(grams)) / len(grams) - 1 if grams else 0.0


def overlong(completion_ids: Ids, longest: int = 256, cache: int = 64) -> list[float]:
    """Returns 0 up to `longest - cache` tokens, then linearly down to -1; `dapo` has it built in."""
    return [soft_overlong(len(ids), longest, cache) for ids in completion_ids]


def answer_format(completions: Sequence[str], kind: Sequence[Kind]) -> list[float]:
    """Returns 1 for answers marked by `####` or a box, else 0."""
    sources = (find(text, k).source for text, k in zip(completions, kind, strict=True))
    return [float(source in ("hash", "box")) for source in sources]
