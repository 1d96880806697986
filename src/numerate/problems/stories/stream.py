"""Random draws that are the same on every machine and Python: splitmix64 seeded by BLAKE2b of a label.

`random.Random` promises its `random()` only; its `choice` and `shuffle` have changed between versions.
Splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
MASK = (1 << 64) - 1


class Stream:
    """Draws that depend on the label alone."""

    __slots__ = ("_state",)

    def __init__(self, label: str) -> None:
        self._state = int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big")

    def bits(self) -> int:
        """Returns 64 random bits."""
        self._state = z = (self._state + 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        """Returns an integer in [0, n). The bias of the remainder is below n / 2**64."""
        return self.bits() % n

    def between(self, low: int, high: int) -> int:
        """Returns an integer in [low, high], both ends included."""
        return low + self.bits() % (high - low + 1)

    def chance(self, p: float) -> bool:
        """Draws True with probability p."""
        return (self.bits() >> 11) < p * (1 << 53)

    def pick(self, options: Sequence[T]) -> T:
        """Returns one of the options, all equally likely."""
        return options[self.bits() % len(options)]

    def weighted(self, options: Sequence[tuple[T, int]]) -> T:
        """Returns one of the (option, integer weight) pairs' options."""
        at = self.below(sum(weight for _, weight in options))
        for option, weight in options:
            at -= weight
            if at < 0:
                return option
        raise AssertionError("weights must be positive")

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Returns the options in random order (Fisher-Yates)."""
        made = list(options)
        for i in range(len(made) - 1, 0, -1):
            j = self.below(i + 1)
            made[i], made[j] = made[j], made[i]
        return made

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Returns `count` different ones."""
        return self.shuffled(options)[:count]
