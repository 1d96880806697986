"""Calculator in the sampling loop: after `<<48/2=` the next tokens of a row are `24>>`.

They take the places of tokens that would have been sampled, so all rows still advance one token at a time.
The rule of when and what is in `answers.calculator`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerate.answers.calculator import calculator_completion
from numerate.models.operators import token_texts
from numerate.models.tokenization import decode_ids, encode_target
from numerate.rollouts.slots import Slots

LOOK_BACK = 128
"""tokens in which an annotation has to have begun"""


def asking_tokens(tokenizer: Any, vocabulary: int) -> NDArray[np.bool_]:
    """Returns which tokens may ask for a result, [V]."""
    return np.array([text.rstrip(" ").endswith("=") for text in token_texts(tokenizer, vocabulary)])


class Calculator:
    """Calculator of one running batch."""

    def __init__(self, tokenizer: Any, asks_V: NDArray[np.bool_]) -> None:
        self.tokenizer = tokenizer
        self.asks_V = asks_V
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
        """Finds the calculations that these tokens, the last of the rows, request."""
        for row in np.flatnonzero(self.asks_V[token_B]).tolist():
            slot = int(slots.slot_B[row])
            count = int(slots.count_S[slot])
            ids = slots.token_ST[slot, max(0, count - LOOK_BACK) : count].tolist()
            if slot not in self.waiting and (
                text := calculator_completion(decode_ids(self.tokenizer, ids).rstrip(" "))
            ):
                self.waiting[slot] = encode_target(self.tokenizer, text)[:-1]

    def wait(self, slot: int, ids: Sequence[int]) -> None:
        """Restores what a row that goes on will be given."""
        if ids:
            self.waiting[slot] = list(ids)

    def forget(self, slot: int) -> None:
        """Drops the state of a slot whose row has ended."""
        self.waiting.pop(slot, None)
