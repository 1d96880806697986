# pyright: strict
"""JSON and JSONL files: strict values on the way out, messages with file and line on the way in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from numerate.store.files import replace_file, write_text


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON. Raises ValueError for what JSON cannot hold, such as NaN and infinity."""
    write_text(path, _dumps(value, path, indent=1) + "\n")


REMEDY = "restore it, or delete it and run again"


def read_json(path: Path, remedy: str = REMEDY) -> Any:
    """Reads a JSON file. Raises ValueError, with the remedy, for a file that is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; {remedy}") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error}); {remedy}") from error


def read_object(path: Path, remedy: str = REMEDY) -> dict[str, Any]:
    """Returns what a file of one JSON object holds. Raises ValueError, with the remedy, for anything else."""
    value = read_json(path, remedy)
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected a JSON object, found {str(value)[:40]!r}; {remedy}")
    return cast(dict[str, Any], value)


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes one JSON object per line. Raises ValueError as `write_json` does."""
    with replace_file(path) as part, part.open("w", encoding="utf-8", newline="\n") as f:
        for row in rows:
            f.write(_dumps(row, path) + "\n")


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a JSONL file, one at a time; empty lines are passed over.

    Raises ValueError, with the number of the line, for a file that is missing or a line that is no JSON
    object.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    return _rows(path)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as f:
        for number, line in enumerate(f, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(
                    f"{path}, line {number}: not JSON ({error}); correct or remove it"
                ) from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: expected a JSON object, found {line[:40]!r}")
            yield cast(dict[str, Any], row)


def _dumps(value: Any, path: Path, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot be written as JSON: {error}") from error
