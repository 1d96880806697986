"""Votes are counted over clusters of equal answers, so equality must be an equivalence here.

`equal` forgives what one side leaves out (28% is 28 and is 0.28), which is not transitive; clusters
therefore read a percent sign as nothing, and take the transitive closure of what is left. The order of the
answers decides only the numbering."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers import choice, exact, spelled
from numerate.answers.boxes import unbox
from numerate.answers.ladder import is_nothing, structure, tree
from numerate.answers.normal import LONGEST, normalise, plain_number, words
from numerate.answers.tree import Undecided
from numerate.types import Kind

MOST_FORMS = 200
"""different answers that are no exact numbers; beyond this many they are told apart by their text only"""


def cluster(answers: Sequence[str | None], kind: Kind = "math") -> list[int]:
    """The cluster of each answer, numbered by first appearance; -1 where there is no answer."""
    keys = [None if answer is None else key(answer, kind) for answer in answers]
    leader = _merged(sorted({k for k in keys if k is not None}))
    numbers: dict[str, int] = {}
    return [-1 if k is None else numbers.setdefault(leader[k], len(numbers)) for k in keys]


_SIGNS = re.compile(r"(?<![A-Za-z]{3})[-(),!]|[-(),!](?![A-Za-z ]{3})")
"""between single letters these are signs (`ad-bc`), between words they are punctuation"""


def key(answer: str, kind: Kind = "math") -> str | None:
    """A canonical text: answers with the same key are equal. None for no answer."""
    plain = plain_number(answer)
    if plain is not None and len(plain) < LONGEST:
        return f"number {plain}" if "." not in plain else _exact_key(plain) or plain
    if is_nothing(answer):
        return None
    if kind == "choice" or choice.is_letters(answer):
        letter = choice.several_letters(answer) or choice.leading_letter(answer)
        return f"letter {letter}" if letter else f"text {answer.strip()}"
    if len(answer) > LONGEST:
        return f"text {answer}"
    normal = normalise(unbox(answer)).replace("%", "")
    if is_nothing(normal):
        return None
    normal = spelled.read(normal, words(normal)) or normal
    found = words(normal)
    if found is not None and not any(c.isdigit() for c in found) and not _SIGNS.search(normal):
        return f"words {found}"
    return _exact_key(normal) or normal


def _exact_key(normal: str) -> str | None:
    node = tree(normal)
    if node is None or node.kind == "float":
        return None
    try:
        return f"number {exact.rational(node)}"
    except (Undecided, RecursionError):
        return None


_SETTLED = ("number ", "letter ", "words ", "text ")


def _merged(keys: list[str]) -> dict[str, str]:
    """Union-find over the keys whose text doesn't settle everything."""
    leader = {k: k for k in keys}

    def root(k: str) -> str:
        while leader[k] != k:
            k = leader[k]
        return k

    forms = [k for k in keys if not k.startswith(_SETTLED)]
    if len(forms) > MOST_FORMS:
        return leader
    numbers = [k for k in keys if k.startswith("number ")]
    for at, form in enumerate(forms):
        for other in (*forms[at + 1 :], *numbers):
            if root(form) != root(other) and structure(form, other.removeprefix("number ")):
                low, high = sorted((root(form), root(other)))
                leader[high] = low
    return {k: root(k) for k in keys}
