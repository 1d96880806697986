"""Stop conditions of a sample: EOS tokens by look-up, stop strings by text, also across token boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerate.models.tokenization import decode_ids, special_strings


class Stops:
    """The ends of a request. A stop string that is a control token's own text ends a sample as EOS does."""

    def __init__(self, tokenizer: Any, eos_ids: Sequence[int], strings: Sequence[str], vocab: int) -> None:
        if any(not string for string in strings):
            raise ValueError("a stop string is empty: leave it out")
        self.tokenizer = tokenizer
        control = special_strings(tokenizer)
        self.strings = [string for string in strings if string not in control]
        self.is_eos: NDArray[np.bool_] = np.zeros(vocab, dtype=bool)
        self.is_eos[[*eos_ids, *(control[string] for string in strings if string in control)]] = True
        self.may_complete = _may_complete(tokenizer, self.strings, vocab)

    def text_before(self, ids: list[int]) -> str | None:
        """Returns the text before the first stop string in these ids, None where there is none."""
        if not self.strings:
            return None
        text = decode_ids(self.tokenizer, ids)
        places = [index for index in (text.find(string) for string in self.strings) if index >= 0]
        return text[: min(places)] if places else None


def _may_complete(tokenizer: Any, strings: Sequence[str], vocab: int) -> NDArray[np.bool_]:
    """Returns which tokens may be the one that completes a stop string: those that hold the last character of
    one, or part of a character. It saves decoding at every other token."""
    may = np.zeros(vocab, dtype=bool)
    if not strings:
        return may
    count = min(vocab, len(tokenizer))
    texts = tokenizer.batch_decode([[i] for i in range(count)], clean_up_tokenization_spaces=False)
    ends = {string[-1] for string in strings}
    for i, (text, raw) in enumerate(zip(texts, tokenizer.convert_ids_to_tokens(range(count)), strict=True)):
        blank = " " if "▁" in str(raw) else ""  # SentencePiece drops the blank of a word decoded by itself
        may[i] = "\ufffd" in text or bool(ends & set(text + blank))
    return may
