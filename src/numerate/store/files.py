# pyright: strict
"""Text, JSON and JSONL files that appear whole or not at all, also when the process is killed or the disk
is full."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RUST = re.compile(r"\(os error (\d+)\)")


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """Gives a path to write to; that file takes the place of `path` when the block ends without an error.

    It lies in the same folder, made if need be, under a hidden name. After an error it is removed and
    `path` is as it was; a killed process leaves it behind, and nothing reads it. A full disk raises OSError
    with the name of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = hidden_sibling(path, "part")
    try:
        with room_for(path):
            yield part
            flush_to_disk(part)
            os.replace(part, path)
            flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


def hidden_sibling(path: Path, kind: str) -> Path:
    """Returns a hidden name in the same folder that no other writer uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.{kind}")


@contextmanager
def room_for(path: Path) -> Generator[None]:
    """Turns what a full disk raises within, also in a library that is not Python, into an OSError that names
    `path` and what to do."""
    try:
        yield
    except Exception as error:
        number = _number(error)
        if number in FULL and not str(getattr(error, "filename", "")).startswith(str(path)):
            reason = f"{os.strerror(number)}; the file was left as it was: make room and run again"
            raise OSError(number, reason, str(path)) from error
        raise


def _number(error: Exception) -> int:
    """Returns the errno of an error, 0 where it has none."""
    if isinstance(error, OSError):
        return error.errno or 0
    match = _RUST.search(str(error))
    return int(match[1]) if match else 0


def flush_to_disk(path: Path) -> None:
    """Writes a file or a folder's list of names to the disk, so that a new name never outlives its contents
    in a power cut."""
    if path.is_dir() and os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """UTF-8 with the line ends as given."""
    with replace_file(path) as part:
        part.write_bytes(text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Indented JSON. Raises ValueError for what JSON cannot hold, NaN and infinity among it."""
    write_text(path, _dumps(value, path, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """Raises ValueError for a file that is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error}); restore it, or delete it and run again") from error


def read_object(path: Path, remedy: str = "restore it, or delete it and run again") -> dict[str, Any]:
    """Returns what a file of one JSON object holds. Raises ValueError, with the remedy, for anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; {remedy}") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error}); {remedy}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected a JSON object, found {str(value)[:40]!r}; {remedy}")
    return cast(dict[str, Any], value)


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object per line. Raises ValueError as `write_json` does."""
    with replace_file(path) as part, part.open("w", encoding="utf-8", newline="\n") as f:
        for row in rows:
            f.write(_dumps(row, path) + "\n")


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file, one at a time; empty lines are passed over.

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
