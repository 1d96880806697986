# pyright: strict
"""Results that are kept with the identity of what they were computed from, and taken again while it is the
same."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from numerate.store.hashes import file_hash, identity_hash
from numerate.store.json_files import write_json

KEPT = ".kept.json"
"""name of the file; without it the same command computes its contents again"""
PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = (".py", ".c", ".h", ".html", ".css", ".js")
LIBRARIES = ("numpy", "mpmath", "pyarrow", "matplotlib", "jinja2")
"""packages that compute or draw what is kept"""


def _marks() -> dict[str, tuple[int, int, int]]:
    """Maps the source files to what tells cheaply that one was replaced or edited."""
    marks: dict[str, tuple[int, int, int]] = {}
    for folder, _, names in os.walk(PACKAGE):
        for path in (os.path.join(folder, name) for name in names if name.endswith(SOURCES)):
            with suppress(OSError):  # a link that leads nowhere, as some editors leave while a file is open
                state = os.stat(path)
                marks[path] = (state.st_ino, state.st_mtime_ns, state.st_size)
    return marks


_LOADED = _marks()
"""the sources when this process imported them: all that it computes comes from these"""


@cache
def code_identity() -> str:
    """Returns a hash of the source files that this process has loaded, with the versions of Python and of
    LIBRARIES: any change of the code makes results of it other results. Where the files were edited before
    they could be hashed, it is one that no other process has."""
    identity = _hash_code()
    return identity if _marks() == _LOADED else identity_hash([identity, secrets.token_hex()])


def _hash_code() -> str:
    """Returns the hash of the source files as they are now."""
    files = (path for path in PACKAGE.rglob("*") if path.suffix in SOURCES and path.is_file())
    return identity_hash(
        [contents_hash(PACKAGE, files), platform.python_version(), *map(_version, LIBRARIES)]
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def contents_hash(folder: Path, files: Iterable[Path]) -> str:
    """Returns a hash of the names, below `folder`, and the contents of some files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{file_hash(path)}\n".encode())
    return digest.hexdigest()


class Kept:
    """Values by name, in the file KEPT of a folder, each with the identity of what it was computed from. Made
    when a command starts.

    A file that is missing or damaged holds nothing: what it would have held is computed again. Nothing is
    written where the code was edited since the command started: its results may be of both versions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._code = code_identity()
        self._entries = _read(folder / KEPT)
        self._changed = False

    def get(self, name: str, identity: str) -> Any:
        """Returns the value, None where there is none of that identity, or where it was altered since."""
        entry = self._entries.get(name, {})
        return entry["value"] if entry.get("identity") == identity else None

    def put(self, name: str, identity: str, value: Any) -> None:
        """Raises ValueError for a value that JSON cannot hold."""
        self._entries[name] = {"identity": identity, "sum": identity_hash(value), "value": value}
        self._changed = True

    def write(self) -> None:
        """Writes the file, where a value is new and nothing else has the file's name."""
        path = self.folder / KEPT
        if self._changed and _is_free(path) and self._has_same_code():
            write_json(path, self._entries)
            self._changed = False

    def _has_same_code(self) -> bool:
        try:
            return _hash_code() == self._code
        except OSError:  # a file went away while it was read
            return False


def _is_free(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Returns the entries that are as they were written."""
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in cast(dict[str, Any], entries).items() if _is_intact(name, entry)}


def _is_intact(name: str, entry: Any) -> bool:
    """Checks an entry, also that it can be written again."""
    try:
        json.dumps([name, entry], ensure_ascii=False, allow_nan=False).encode("utf-8")
        return entry["sum"] == identity_hash(entry["value"])
    except (
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ):  # JSON of another kind, or that none could write
        return False
