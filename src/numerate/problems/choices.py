"""The options of a multiple-choice row, in whichever of the usual shapes they come."""

from __future__ import annotations

import re
from typing import Any

from numerate.answers.choice_lists import SHAPES, Pairs, choice_pairs
from numerate.problems.row import Row

BRACKETED = re.compile(r"^\(?([A-Za-z0-9]{1,2})[).]?$")


def read_choices(row: Row, *names: str) -> Pairs:
    """Returns (letter, text) pairs from any of the shapes that `choice_pairs` reads; raises ValueError for
    anything else."""
    pairs = choice_pairs(row.value(*names))
    if not pairs:
        raise row.wrong(names, SHAPES)
    return pairs


def read_letter(row: Row, choices: Pairs, *names: str) -> str:
    """Reads the letter of the right choice: written as a letter, as the choice's text, or as its index from
    0.

    Raises ValueError where it names none of them, and where a number may name two: 2 is the index of '3' and
    the text of another choice among 1, 2, 3."""
    text = row.text(*names).strip()
    letters = [letter for letter, _ in choices]
    bare = BRACKETED.sub(r"\1", text).upper()
    if bare in letters and not bare.isdigit():
        return bare
    same = [letter for letter, choice in choices if choice.strip() == text]
    named = {*same, *([bare] if bare in letters else []), *_indexed(row.value(*names), letters)}
    if len(named) > 1:
        readings = " and of ".join(f"{letter} ({dict(choices)[letter]!r})" for letter in sorted(named))
        raise row.wrong(names, f"a letter, because this may be the text, label or index of {readings}")
    if not named:
        raise row.wrong(names, f"one of the letters {', '.join(letters)}, or the text of one choice")
    return named.pop()


def _indexed(value: Any, letters: list[str]) -> list[str]:
    """Returns the letter at this index from 0, where the value is typed as a number."""
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return [letters[value]] if is_index and 0 <= value < len(letters) else []
