# pyright: strict
"""Hashes: the identity of a stage is one of its config and its inputs; checksums of a folder's files, in the
format of `sha256sum`, show flipped bits, cut and missing files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

SUMS = "SHA256SUMS"
"""name of the file with the checksums of a folder"""
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def identity_hash(value: Any) -> str:
    """Returns the SHA-256, in hex, of the value as canonical JSON: sorted keys, no blanks, UTF-8.

    Takes what JSON takes, and dataclasses and mappings as objects; tuples count as lists. The same on every
    machine and in every session. Raises ValueError for anything else (sets and paths have no one spelling),
    and for NaN.
    """
    try:
        text = json.dumps(
            value,
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
            default=_plain,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"no identity for {type(value).__name__}: {error}; give it as JSON values"
        ) from error
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _plain(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(cast(Mapping[str, Any], value))
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def file_hash(path: Path) -> str:
    """Returns the SHA-256, in hex, of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def checksum_lines(folder: Path) -> str:
    """Returns the content of SHA256SUMS for all files of `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return "".join(f"{file_hash(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def find_damage(folder: Path) -> str | None:
    """Says which file differs from SHA256SUMS and how, None where all are as they were written.

    A folder without SHA256SUMS counts as damaged; files that it does not name are not looked at."""
    try:
        text = (folder / SUMS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"{SUMS} is missing (an earlier version wrote none)"
    except (OSError, UnicodeDecodeError):
        return f"{SUMS} is damaged"
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or ".." in Path(match[2]).parts or Path(match[2]).is_absolute():
            return f"{SUMS} is damaged"
        path = folder / match[2]
        if not path.is_file():
            return f"{match[2]} is missing"
        if file_hash(path) != match[1]:
            return f"{match[2]} is damaged: its SHA-256 is not the one in {SUMS}"
    return None if text.endswith("\n") else f"{SUMS} is damaged"
