"""Calculator in the sampling loop: after `<<48/2=` the next tokens of a row are `24>>`.

The rule of when and what is in `answers.calculator`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerate.answers.calculator import calculator_completion
from numerate.models.operators import token_texts
from numerate.models.tokenization import decode_ids, encode_target
from numerate.rollouts.local.supplied import Supplied
from numerate.rollouts.slots import Slots

LOOK_BACK = 128
"""tokens in which an annotation has to have begun"""


def asking_tokens(tokenizer: Any, vocabulary: int) -> NDArray[np.bool_]:
    """Returns which tokens may ask for a result, [V]."""
    return np.array([text.rstrip(" ").endswith("=") for text in token_texts(tokenizer, vocabulary)])


class Calculator(Supplied):
    """Calculator of one running batch."""

    def __init__(self, tokenizer: Any, asks_V: NDArray[np.bool_]) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.asks_V = asks_V

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
