# pyright: strict
"""Results that are kept with the identity of what they were computed from, and taken again while it is the
same."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
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


@cache
def code_identity() -> str:
    """Returns a hash of this package's source files, with the versions of Python and of LIBRARIES: any change
    of the code makes results of it other results."""
    files = (path for path in PACKAGE.rglob("*") if path.suffix in SOURCES)
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
    """Values by name, in the file KEPT of a folder, each with the identity of what it was computed from.

    A file that is missing or damaged holds nothing: what it would have held is computed again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries = _read(folder / KEPT)
        self._changed = False

    def get(self, name: str, identity: str) -> Any:
        """Returns the value, None where there is none of that identity, or where it was altered since."""
        entry = self._entries.get(name, {})
        same = entry.get("identity") == identity and entry.get("sum") == identity_hash(entry.get("value"))
        return entry["value"] if same else None

    def put(self, name: str, identity: str, value: Any) -> None:
        """Raises ValueError for a value that JSON cannot hold."""
        self._entries[name] = {"identity": identity, "sum": identity_hash(value), "value": value}
        self._changed = True

    def write(self) -> None:
        """Writes the file, where a value is new."""
        if self._changed:
            write_json(self.folder / KEPT, self._entries)
            self._changed = False


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    named = cast(dict[str, Any], entries).items()
    return {name: cast(dict[str, Any], entry) for name, entry in named if isinstance(entry, dict)}
