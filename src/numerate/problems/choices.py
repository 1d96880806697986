"""The options of a multiple-choice row, in whichever of the usual shapes they come."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any, cast

from numerate.problems.row import Row, plain_number

BRACKETED = re.compile(r"^\(?([A-Za-z0-9]{1,2})[).]?$")
LETTERED = re.compile(r"\(?([A-Za-z])\s*[).:]\s*(.*)", re.DOTALL)


def read_choices(row: Row, *names: str) -> tuple[tuple[str, str], ...]:
    """(letter, text) pairs from `[["A", "bank"], ...]`, `["A)bank", ...]`, `["bank", ...]`,
    `{"label": ["A", ...], "text": ["bank", ...]}` or `{"A": "bank", ...}`.

    Raises ValueError for anything else, and where a letter comes twice."""
    found = row.value(*names)
    pairs = _pairs(found)
    if not pairs or len({letter for letter, _ in pairs}) < len(pairs):
        raise row.wrong(
            names, 'options such as ["A)12", "B)15"] or [["A", "12"], ["B", "15"]], each letter once'
        )
    return pairs


def read_letter(row: Row, choices: tuple[tuple[str, str], ...], *names: str) -> str:
    """The letter of the right choice: given as a letter, as the choice's text, or as its index from 0.

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
    """The letter at this index from 0, where the value is typed as a number."""
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return [letters[value]] if is_index and 0 <= value < len(letters) else []


def _text(item: Any) -> Any:
    """A choice that is typed as a number in writing; anything else as it is."""
    return plain_number(repr(item)) if isinstance(item, int | float) and not isinstance(item, bool) else item


def _pairs(found: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(found, str) and found.lstrip()[:1] in ("[", "{"):  # the cell of a table
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return ()
    if isinstance(found, Mapping):
        columns = cast("Mapping[str, Any]", found)
        if set(columns) == {"label", "text"}:
            return tuple(
                (str(a).upper(), str(b)) for a, b in zip(columns["label"], columns["text"], strict=False)
            )
        return tuple((key.upper(), str(text)) for key, text in columns.items() if text is not None)
    if not isinstance(found, list | tuple):
        return ()
    items = [_text(item) for item in cast("list[Any]", found)]
    if all(isinstance(item, list | tuple) and len(cast("list[Any]", item)) == 2 for item in items):
        return tuple((str(letter).upper(), str(text)) for letter, text in items)
    if not all(isinstance(item, str) for item in items) or len(items) > len(ascii_uppercase):
        return ()
    matches = [LETTERED.fullmatch(item.strip()) for item in items]
    lettered = [(match[1].upper(), match[2].strip()) for match in matches if match]
    if [letter for letter, _ in lettered] == list(ascii_uppercase[: len(items)]):
        return tuple(lettered)
    return tuple((ascii_uppercase[place], item) for place, item in enumerate(items))
