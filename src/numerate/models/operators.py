"""Operator tokens of a vocabulary, and the positions where an operator is arithmetic: the classes of the
mixed policy (arXiv:2307.08767).

Tokens are told by their text, never by hard-coded ids: that a `/` has the id before that of the digit `0` is
easily mistaken. Inside `<<...=` an operator is arithmetic; outside a hyphen may be one (`three-piece`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SIGNS = "+-*/"
OTHER = 4
"""V, the class of all other tokens; classes 0 to 3 are the signs in their order"""
CLASSES = 5
NAMES = ("+", "-", "*", "/", "V")

Scope = Literal["inside_annotation", "everywhere"]
OUTSIDE, HALF, INSIDE = 0, 1, 2
"""places of a text: outside of annotations; right after a `<`; between `<<` and `=`"""


@dataclass(frozen=True)
class Operators:
    class_V: NDArray[np.int8]
    """the class of each token by its text, wherever it stands"""
    ids: tuple[tuple[int, ...], ...]
    """of each sign the tokens that are nothing else but blanks around it"""
    fused_V: NDArray[np.bool_]
    """tokens that hold a sign and more than blanks beside it, as `)*`: they count as OTHER"""
    moves_SV: NDArray[np.int8]
    """from the place before a token to the place after it"""
    scope: Scope

    def acts(self, position_N: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Returns the states in which an operator counts as one: those inside an annotation, or all."""
        return (
            position_N == INSIDE
            if self.scope == "inside_annotation"
            else np.ones_like(position_N, dtype=bool)
        )

    def places(self, ids: Sequence[int]) -> NDArray[np.int8]:
        """Returns the state before each token of an answer, which begins outside."""
        states, state = np.zeros(len(ids), dtype=np.int8), OUTSIDE
        for i, token in enumerate(ids):
            states[i] = state
            state = self.moves_SV[state, token]
        return states

    def labels(self, ids: Sequence[int]) -> list[int]:
        """Returns c(y_t), the class of each token of an answer in its context."""
        classes = self.class_V[np.asarray(ids, dtype=np.int64)]
        return np.where(self.acts(self.places(ids)), classes, OTHER).tolist()

    def fused(self, ids: Sequence[int]) -> int:
        """Returns how many tokens of an answer hold an operator that has no class of its own."""
        return int((self.fused_V[np.asarray(ids, dtype=np.int64)] & self.acts(self.places(ids))).sum())


def find_operators(texts: Sequence[str], scope: Scope) -> Operators:
    """Finds the tokens of the operators by the text of every token. Raises ValueError where a sign is no
    token."""
    stripped = [text.strip(" ") for text in texts]
    classes = [SIGNS.index(text) if len(text) == 1 and text in SIGNS else OTHER for text in stripped]
    ids = tuple(tuple(i for i, c in enumerate(classes) if c == sign) for sign in range(OTHER))
    if missing := [SIGNS[sign] for sign in range(OTHER) if not ids[sign]]:
        raise ValueError(
            f"no token of this model is the operator {' or '.join(missing)} alone, and the operator "
            "head needs one: choose a model with such tokens"
        )
    fused = [
        c == OTHER and any(sign in text for sign in SIGNS) for c, text in zip(classes, texts, strict=True)
    ]
    moves = [[state_after(state, text) for text in texts] for state in (OUTSIDE, HALF, INSIDE)]
    return Operators(
        np.array(classes, dtype=np.int8), ids, np.array(fused), np.array(moves, dtype=np.int8), scope
    )


def state_after(state: int, text: str) -> int:
    """Returns the state after more text. `=`, `>` and the end of a line leave an annotation's left side."""
    for character in text:
        if state == INSIDE:
            state = OUTSIDE if character in "=>\n" else INSIDE
        elif character == "<":
            state = INSIDE if state == HALF else HALF
        else:
            state = OUTSIDE
    return state


def token_texts(tokenizer: Any, vocabulary: int) -> list[str]:
    """Returns the text of every id, empty for control tokens and for ids that the tokenizer does not know."""
    size = min(vocabulary, len(tokenizer))
    control = set(tokenizer.all_special_ids)
    texts = tokenizer.batch_decode([[i] for i in range(size)], clean_up_tokenization_spaces=False)
    raw = tokenizer.convert_ids_to_tokens(range(size))
    marked = [
        "" if i in control else (" " + text if str(piece).startswith("▁") else text)
        for i, (text, piece) in enumerate(zip(texts, raw, strict=True))
    ]  # SentencePiece drops the blank of a word decoded by itself
    return marked + [""] * (vocabulary - size)
