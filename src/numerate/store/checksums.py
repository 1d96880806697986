# pyright: strict
"""Checksums of a folder's files, in the format of `sha256sum`: flipped bits, cut and missing files show."""

from __future__ import annotations

import re
from pathlib import Path

from numerate.store.identity import file_hash

SUMS = "SHA256SUMS"
"""name of the file with the checksums of a folder"""
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def checksum_lines(folder: Path) -> str:
    """Returns the content of SHA256SUMS for all files of `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return "".join(f"{file_hash(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def find_damage(folder: Path) -> str | None:
    """Returns which file differs from SHA256SUMS and how, None where all are unchanged.

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
