"""Tokens and random numbers of the rows of a running batch.

Rows move when others leave; their slot, where their tokens are written, stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Q = TypeVar("Q")


@dataclass(slots=True)
class Written:
    """One entry per token."""

    ids: list[int]
    logps: list[float]
    token_classes: list[int]
    supplied: list[bool]
    """written by a calculator"""

    def behind(self, count: int) -> Written:
        """Returns the tokens behind the first `count`."""
        if not count:
            return self
        classes, supplied = self.token_classes[count:], self.supplied[count:]
        return Written(self.ids[count:], self.logps[count:], classes, supplied)


class Slots(Generic[Q]):
    """Room for `size` samples of up to `length` tokens."""

    def __init__(self, size: int, length: int) -> None:
        self.size = size
        self.token_ST = np.zeros((size, length), dtype=np.int64)
        self.logp_ST = np.zeros((size, length), dtype=np.float32)
        self.class_ST = np.zeros((size, length), dtype=np.int8)
        """the class that was sampled before the token, where the policy does so"""
        self.supplied_ST = np.zeros((size, length), dtype=np.bool_)
        """tokens that a calculator wrote"""
        self.uniform_ST = np.zeros((size, length), dtype=np.float64)
        self.count_S = np.zeros(size, dtype=np.int64)
        self.room_S = np.zeros(size, dtype=np.int64)
        self.owner: list[tuple[Q, int] | None] = [None] * size
        self.slot_B = np.zeros(0, dtype=np.int64)
        """the slot of each row"""
        self.free = list(range(size))[::-1]

    @property
    def rows(self) -> int:
        return len(self.slot_B)

    def take(
        self,
        owner: Q,
        index: int,
        room: int,
        uniform: NDArray[np.float64] | None,
        written: Written | None = None,
    ) -> int:
        """Adds a row at the end for rollout `index`, of at most `room` tokens with those that are written.
        Returns its slot."""
        slot = self.free.pop()
        self.owner[slot] = owner, index
        self.count_S[slot], self.room_S[slot] = 0, room
        if uniform is not None:
            self.uniform_ST[slot, :room] = uniform
        if written is not None:
            count = self.count_S[slot] = len(written.ids)
            self.token_ST[slot, :count] = written.ids
            self.logp_ST[slot, :count] = written.logps
            self.class_ST[slot, :count] = written.token_classes
            self.supplied_ST[slot, :count] = written.supplied
        self.slot_B = np.append(self.slot_B, slot)
        return slot

    def next_uniforms(self) -> NDArray[np.float64]:
        return self.uniform_ST[self.slot_B, self.count_S[self.slot_B]]

    def append(
        self,
        token_B: NDArray[np.int64],
        logp_B: NDArray[np.float32],
        class_B: NDArray[np.int8] | None = None,
        supplied_B: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.bool_]:
        """Writes one token per row; returns which rows have no room for another."""
        slot_B = self.slot_B
        count_B = self.count_S[slot_B]
        self.token_ST[slot_B, count_B] = token_B
        self.logp_ST[slot_B, count_B] = logp_B
        if class_B is not None:
            self.class_ST[slot_B, count_B] = class_B
        self.supplied_ST[slot_B, count_B] = False if supplied_B is None else supplied_B
        self.count_S[slot_B] = count_B + 1
        return count_B + 1 >= self.room_S[slot_B]

    def last(self) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Returns which rows have written nothing yet, and the last token of each of the others."""
        count_B = self.count_S[self.slot_B]
        return count_B == 0, self.token_ST[self.slot_B, count_B - 1]

    def read(self, row: int) -> tuple[Q, int, Written]:
        """Returns the owner of a row, its index, and its tokens."""
        slot = self.slot_B[row]
        owner, count = self.owner[slot], self.count_S[slot]
        assert owner is not None
        columns = (self.token_ST, self.logp_ST, self.class_ST, self.supplied_ST)
        return *owner, Written(*(column[slot, :count].tolist() for column in columns))

    def keep(self, order: list[int]) -> None:
        """Frees the slots of the rows that are not in `order`, and puts the others in that order."""
        kept_B = self.slot_B[order]
        for slot in np.setdiff1d(self.slot_B, kept_B)[::-1].tolist():
            self.owner[slot] = None
            self.free.append(slot)
        self.slot_B = kept_B
