# pyright: strict
"""Problem sets as JSONL, one problem with all its fields per line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from numerate.store.json_files import read_jsonl, write_jsonl
from numerate.types import Kind, Problem

_TEXTS = ("id", "question", "answer", "solution", "kind", "source")
_FIELDS = {field.name for field in dataclasses.fields(Problem)}


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Raises ValueError where `meta` holds what JSON cannot."""
    write_jsonl(path, ({name: getattr(problem, name) for name in sorted(_FIELDS)} for problem in problems))


def read_problems(path: Path) -> list[Problem]:
    """Reads problems that `write_problems` wrote, in order. Lists in `meta` stay lists.

    Raises ValueError, with line and field, for a row that is no problem.
    """
    return [_problem(row, f"{path}, line {i}") for i, row in enumerate(read_jsonl(path), start=1)]


def _problem(row: dict[str, Any], where: str) -> Problem:
    remedy = "`numerate run` writes this file: delete it and run again"
    if set(row) != _FIELDS:
        odd = ", ".join(sorted(set(row) ^ _FIELDS))
        raise ValueError(f"{where}: missing or unknown fields: {odd}; {remedy}")
    for name in _TEXTS:
        if not isinstance(row[name], str):
            raise ValueError(f"{where}, field {name}: expected text, found {row[name]!r}; {remedy}")
    if row["kind"] not in get_args(Kind):
        raise ValueError(
            f"{where}, field kind: {row['kind']!r} is not one of {', '.join(get_args(Kind))}; {remedy}"
        )
    if not isinstance(row["meta"], dict):
        raise ValueError(f"{where}, field meta: expected an object, found {row['meta']!r}; {remedy}")
    try:
        row["choices"] = tuple((str(letter), str(text)) for letter, text in row["choices"])
    except (TypeError, ValueError):
        raise ValueError(f"{where}, field choices: expected [letter, text] pairs; {remedy}") from None
    return Problem(**row)
