"""Votes are counted over clusters of equal answers, so equality must be an equivalence here.

`equal` forgives what one side leaves out (28% is 28 and is 0.28), which is not transitive; clusters
therefore read a percent sign as nothing, and take the transitive closure of what is left. The order of the
answers decides only the numbering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from numerate.answers import choice, faults
from numerate.answers.budget import LIMIT, STEPS, BudgetExceeded, used_steps
from numerate.answers.equivalence import as_text, compare_structure, is_nothing, parse_tree
from numerate.answers.expr import exact
from numerate.answers.expr.tree import Undecided
from numerate.answers.text import number_words
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import LONGEST, normalize_text, plain_number, plain_words
from numerate.types import Kind

MOST_FORMS = 200
"""different answers that are no exact numbers; beyond this many they are told apart by their text only"""
MOST_STEPS = 100 * STEPS
"""of all of them together; beyond it they are told apart by their text"""
STRIKES = 5
"""comparisons of an answer that exceeded their budget, until it is compared with no other"""


def cluster(answers: Sequence[str | None], kind: Kind = "math") -> list[int]:
    """The cluster of each answer, numbered by first appearance; -1 where there is no answer."""
    keys = [None if answer is None else _safe_key(answer, kind) for answer in answers]
    leader = _merged(sorted({k for k in keys if k is not None}))
    numbers: dict[str, int] = {}
    return [-1 if k is None else numbers.setdefault(leader[k], len(numbers)) for k in keys]


def _safe_key(answer: str, kind: Kind) -> str | None:
    """The key; of an answer that can't be read within its budget or without an error, its text."""
    try:
        with LIMIT:
            return canonical_key(as_text(answer, "answer"), kind)
    except BudgetExceeded:
        pass
    except Exception as error:
        faults.note_fault(error, answer)
    return f"text {answer}"


_SIGNS = re.compile(r"(?<![A-Za-z]{3})[-(),!]|[-(),!](?![A-Za-z ]{3})")
"""between single letters these are signs (`ad-bc`), between words they are punctuation"""


def canonical_key(answer: str, kind: Kind = "math") -> str | None:
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
    normal = normalize_text(box_contents(answer)).replace("%", "")
    if is_nothing(normal):
        return None
    normal = number_words.read_number_words(normal, plain_words(normal)) or normal
    words = plain_words(normal)
    if words is not None and not any(c.isdigit() for c in words) and not _SIGNS.search(normal):
        return f"words {words}"
    return _exact_key(normal) or normal


def _exact_key(normal: str) -> str | None:
    node = parse_tree(normal)
    if node is None or node.kind == "float":
        return None
    try:
        return f"number {exact.exact_rational(node)}"
    except (Undecided, ArithmeticError):
        return None


_SETTLED = ("number ", "letter ", "words ", "text ")


def _merged(keys: list[str]) -> dict[str, str]:
    """Union-find over the keys whose text doesn't settle everything."""
    leader = {k: k for k in keys}

    def root(k: str) -> str:
        while leader[k] != k:
            k = leader[k]
        return k

    forms = sorted((k for k in keys if not k.startswith(_SETTLED)), key=len)
    if len(forms) > MOST_FORMS:
        return leader
    numbers = [k for k in keys if k.startswith("number ")]
    compare = _Comparison()
    for at, form in enumerate(forms):  # the longer of two, so that costly ones come last
        for other in (*forms[:at], *numbers):
            if root(form) != root(other) and compare.same(form, other):
                low, high = sorted((root(form), root(other)))
                leader[high] = low
    return {k: root(k) for k in keys}


class _Comparison:
    """Comparisons of many keys within one budget."""

    def __init__(self) -> None:
        self.left = MOST_STEPS
        self.strikes: Counter[str] = Counter()

    def same(self, form: str, other: str) -> bool:
        if self.left < 0 or max(self.strikes[form], self.strikes[other]) >= STRIKES:
            return False
        try:
            with LIMIT:
                return compare_structure(form, other.removeprefix("number ")) is not None
        except BudgetExceeded:
            self.strikes.update((form, other))
        except Exception as error:
            faults.note_fault(error, form, other)
        finally:
            self.left -= used_steps()
        return False
