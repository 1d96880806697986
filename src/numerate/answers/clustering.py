"""Clusters of equal answers, by canonical keys and union-find: equality must be an equivalence here.

`equal` forgives what one side leaves out (28% is 28 and is 0.28), which is not transitive; clusters
therefore read a percent sign as nothing, and take the transitive closure of what is left. The order of the
answers decides only the numbering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from numerate.answers import choice, faults
from numerate.answers.answer import Answer, as_text
from numerate.answers.budget import LIMIT, STEPS, BudgetExceeded, used_steps
from numerate.answers.equivalence import compare_structure
from numerate.answers.expr import exact
from numerate.answers.expr.tree import Undecided
from numerate.answers.sources import check_options
from numerate.answers.text import letters
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import LONGEST, plain_number
from numerate.answers.text.phrases import is_nothing
from numerate.types import Kind

MOST_FORMS = 200
"""different answers that are no exact numbers; beyond this many only their texts are compared"""
MOST_STEPS = 100 * STEPS
"""of all of them together; beyond it only their texts are compared"""
STRIKES = 5
"""comparisons of an answer that exceeded their budget, until it is compared with no other"""


def cluster(answers: Sequence[str | None], kind: Kind = "math") -> list[int]:
    """Returns the cluster of each answer, numbered by first appearance; -1 where there is no answer.

    Raises ValueError for what is neither text nor number, and for an unknown kind."""
    check_options(kind, "none")
    answers = [None if answer is None else as_text(answer, "answer") for answer in answers]
    keys = [None if answer is None else _safe_key(answer, kind) for answer in answers]
    leader = _merge_equal(sorted({k for k in keys if k is not None}))
    numbers: dict[str, int] = {}
    return [-1 if k is None else numbers.setdefault(leader[k], len(numbers)) for k in keys]


def _safe_key(answer: str, kind: Kind) -> str | None:
    """Returns the key; of an answer that can't be read within its budget or without an error, its text."""
    try:
        with LIMIT:
            return canonical_key(answer, kind)
    except BudgetExceeded:
        pass
    except Exception as error:
        faults.note_fault(error, answer)
    return f"text {answer}"


_SIGNS = re.compile(r"(?<![A-Za-z]{3})[-(),!]|[-(),!](?![A-Za-z ]{3})")
"""between single letters these are signs (`ad-bc`), between words they are punctuation"""


def canonical_key(text: str, kind: Kind = "math") -> str | None:
    """Returns a canonical text: answers with the same key are equal. None for no answer."""
    plain = plain_number(text)
    if plain is not None and len(plain) < LONGEST:
        return f"number {plain}" if "." not in plain else _exact_key(Answer(plain, plain))
    if is_nothing(text):
        return None
    content = box_contents(text)
    if kind == "choice" or letters.is_letters(content):
        letter = letters.several_letters(content) or choice.leading_letter(content)
        return f"letter {letter}" if letter else f"text {text.strip()}"
    if len(text) > LONGEST:
        return f"text {text}"
    normal = Answer(text).normal.replace("%", "")
    if is_nothing(normal):
        return None
    answer = Answer(normal, normal).in_digits()
    words = answer.words
    if words is not None and not any(c.isdigit() for c in words) and not _SIGNS.search(answer.normal):
        return f"words {words}"
    return _exact_key(answer)


def _exact_key(answer: Answer) -> str:
    """Returns the exact value, or the answer's text where it has none."""
    node = answer.tree
    if node is None or node.kind == "float":
        return answer.normal
    try:
        return f"number {exact.exact_rational(node)}"
    except (Undecided, ArithmeticError):
        return answer.normal


_SETTLED = ("number ", "letter ", "words ", "text ")


def _merge_equal(keys: list[str]) -> dict[str, str]:
    """Merges equal answers by union-find over the keys whose text doesn't settle everything."""
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
        self.answers: dict[str, Answer] = {}

    def answer(self, key: str) -> Answer:
        text = key.removeprefix("number ")
        return self.answers.setdefault(key, Answer(text, text))

    def same(self, form: str, other: str) -> bool:
        if self.left < 0 or max(self.strikes[form], self.strikes[other]) >= STRIKES:
            return False
        try:
            with LIMIT:
                return compare_structure(self.answer(form), self.answer(other)) is not None
        except BudgetExceeded:
            self.strikes.update((form, other))
        except Exception as error:
            faults.note_fault(error, form, other)
        finally:
            self.left -= used_steps()
        return False
