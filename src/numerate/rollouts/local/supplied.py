"""Tokens that rows are given in place of sampled ones: results of a calculator, outputs of programs.

They take the places of tokens that would have been sampled, so all rows still advance one token at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerate.rollouts.slots import Slots


class Supplied:
    """Supplied tokens of one running batch."""

    def __init__(self) -> None:
        self.waiting: dict[int, list[int]] = {}
        """slot -> what its row will be given"""

    def give(self, slots: Slots[Any], token_B: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Replaces the next tokens of the rows that wait; returns which these are, None where there is
        none."""
        if not self.waiting:
            return None
        supplied_B = np.zeros(len(token_B), dtype=np.bool_)
        for row, slot in enumerate(slots.slot_B.tolist()):
            if ids := self.waiting.get(slot):
                token_B[row], supplied_B[row] = ids.pop(0), True
                if not ids:
                    del self.waiting[slot]
        return supplied_B

    def look(self, slots: Slots[Any], token_B: NDArray[np.int64]) -> None:
        """Finds what the last tokens of the rows request; a tool that answers within a row overrides it."""

    def wait(self, slot: int, ids: Sequence[int]) -> None:
        """Sets what a row will be given."""
        if ids:
            self.waiting[slot] = list(ids)

    def forget(self, slot: int) -> None:
        """Drops the state of a slot whose row has ended."""
        self.waiting.pop(slot, None)
