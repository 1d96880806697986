# pyright: strict
"""A JSONL file that grows row by row and can be cut back to an earlier round.

Rows are appended in place, not through the writer of `files`: to replace a growing file for every row would
take time quadratic in its length. A checkpoint flushes the file and records its length and checksum
(`log_extent`); what a killed process left after that is cut off when the stage is resumed."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from numerate.store.files import flush_to_disk, make_folder, room_for, write_text

OLD_NAMES = {
    "curriculum/begun": "curriculum/prefixed",
    "curriculum/given": "curriculum/prefix_steps",
    "labels/attempts": "labels/rollouts",
    "rollouts/attempts": "rollouts/count",
}
"""names of statistics in logs of earlier versions -> their present names"""


def with_current_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row of a log with the present names of its statistics."""
    return {OLD_NAMES.get(name, name): value for name, value in row.items()}


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Adds one line. A number that is not finite becomes null: JSON has no NaN, and a diverged loss must not
    stop the log. A half-written last line, left by a killed process, is closed off first."""
    make_folder(path.parent)
    finite = {k: None if isinstance(v, float) and not isfinite(v) else v for k, v in row.items()}
    line = json.dumps(finite, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    with room_for(path), open(path, "ab+", opener=_no_link) as f:
        if f.tell():
            f.seek(-1, os.SEEK_END)
            line = line if f.read(1) == b"\n" else b"\n" + line
        f.write(line)


def append_text(path: Path, text: str) -> None:
    """Adds text to the end of a file."""
    with room_for(path), open(path, "a", encoding="utf-8", opener=_no_link) as f:
        f.write(text)


def _no_link(path: str, flags: int) -> int:
    """Opens a file that is no symbolic link: what it points to is not ours to write."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def log_extent(path: Path) -> dict[str, int]:
    """Returns length and checksum of a log as it is now, on the disk; `cut_to` goes back to it."""
    if not path.exists():
        return {"bytes": 0, "crc32": 0}
    flush_to_disk(path)
    content = path.read_bytes()
    return {"bytes": len(content), "crc32": zlib.crc32(content)}


def begins_with(path: Path, extent: Mapping[str, int]) -> bool:
    """Checks whether a log begins with what it held when `extent` was taken."""
    content = path.read_bytes() if path.exists() else b""
    head = content[: extent["bytes"]]
    return len(head) == extent["bytes"] and zlib.crc32(head) == extent["crc32"]


def cut_to(path: Path, extent: Mapping[str, int]) -> None:
    """Drops what was written after `extent` was taken."""
    if path.exists() and path.stat().st_size > extent["bytes"]:
        content = path.read_bytes()[: extent["bytes"]].decode("utf-8")
        write_text(path, content)


def forget_rounds(path: Path, first: int) -> None:
    """Drops the rows of round `first` and later, which will be repeated, and lines that are not JSON."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    write_text(path, "".join(line + "\n" for line in lines if _before(line, first)))


def _before(line: str, first: int) -> bool:
    try:
        row = json.loads(line)
        return row["round"] < first
    except (ValueError, TypeError, KeyError):
        return False
