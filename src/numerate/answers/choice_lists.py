"""The choices of a problem, in whichever of the usual shapes they come, as pairs of letter and text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any, cast

Pairs = tuple[tuple[str, str], ...]
LETTERED = re.compile(r"\(?([A-Za-z])\s*[).:]\s*(.*)", re.DOTALL)
SHAPES = 'options such as ["A)12", "B)15"] or [["A", "12"], ["B", "15"]], each letter once'


def choice_pairs(value: Any) -> Pairs:
    """Returns pairs from `[["A", "bank"], ...]`, `["A)bank", ...]`, `["bank", ...]`, `{"A": "bank", ...}` or
    `{"label": ["A", ...], "text": ["bank", ...]}`, also as the JSON text of a table's cell; () for anything
    else, and where a letter comes twice."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return ()
    if isinstance(value, Mapping):
        pairs = _pairs_of_columns(cast("Mapping[Any, Any]", value))
    elif isinstance(value, list | tuple):
        pairs = _pairs_of_items([_text(item) for item in cast("list[Any]", value)])
    else:
        return ()
    return pairs if len({letter for letter, _ in pairs}) == len(pairs) else ()


def _text(item: Any) -> Any:
    """Returns a choice that is typed as a number in writing; anything else as it is."""
    is_number = isinstance(item, int | float) and not isinstance(item, bool)
    return repr(item).removesuffix(".0") if is_number else item


def _pairs_of_columns(columns: Mapping[Any, Any]) -> Pairs:
    if set(columns) == {"label", "text"}:
        return tuple(
            (str(a).upper(), str(b)) for a, b in zip(columns["label"], columns["text"], strict=False)
        )
    return tuple((str(key).upper(), str(text)) for key, text in columns.items() if text is not None)


def _pairs_of_items(items: list[Any]) -> Pairs:
    if all(isinstance(item, list | tuple) and len(cast("list[Any]", item)) == 2 for item in items):
        return tuple((str(letter).upper(), str(text)) for letter, text in items)
    if not all(isinstance(item, str) for item in items) or len(items) > len(ascii_uppercase):
        return ()
    matches = [LETTERED.fullmatch(item.strip()) for item in items]
    lettered = tuple((match[1].upper(), match[2].strip()) for match in matches if match)
    if [letter for letter, _ in lettered] == list(ascii_uppercase[: len(items)]):
        return lettered
    return tuple(zip(ascii_uppercase, items, strict=False))
