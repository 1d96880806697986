# pyright: strict
"""Folders that appear whole or not at all, and what killed writers leave of them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numerate.store.checksums import write_sums
from numerate.store.files import flush_to_disk, hidden_sibling, room_for

_LEFT = re.compile(r"\.(?P<name>.+)\.\d+-[0-9a-f]{8}\.(?P<kind>part|old)")
"""what `hidden_sibling` makes"""
_SHARE = re.compile(r"part-\d+\.share-\d+")
"""what `rollouts.share.write_part` makes"""


@contextmanager
def replacing_folder(target: Path, *, lasting: bool = True) -> Generator[Path]:
    """Gives an empty folder to write to; it takes the place of `target` when the block ends without an error.

    lasting: its files are flushed to the disk, and it gets checksums (SHA256SUMS). After an error `target` is
    as it was. A full disk raises OSError with the name of the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = hidden_sibling(target, "part")
    try:
        with room_for(target):
            part.mkdir()
            yield part
            if lasting:
                write_sums(part)
                for path in (*(p for p in part.rglob("*")), part):
                    flush_to_disk(path)
            _swap(part, target)
            if lasting:
                flush_to_disk(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, target: Path) -> None:
    if not os.path.lexists(target):
        part.rename(target)
        return
    old = hidden_sibling(target, "old")
    target.rename(old)
    part.rename(target)
    remove_path(old)


def remove_path(path: Path) -> None:
    """Removes a file, a folder with all that is in it, or a link but not what it points to. Nothing there is
    no error; what cannot be removed raises OSError. A folder is gone at once: killed in between, only a
    leftover stays."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        going = hidden_sibling(path, "part")
        path.rename(going)
        shutil.rmtree(going)


def clear_leftovers(root: Path) -> list[Path]:
    """Removes what killed writers left below `root`; a folder that was about to be replaced gets its name
    back where no successor has it. For the only writer. Returns the paths."""
    cleared: list[Path] = []
    for folder, names in _walk(root):
        for name in names:
            match = _LEFT.fullmatch(name)
            if match is None and not _SHARE.fullmatch(name):
                continue
            path = folder / name
            target = folder / match["name"] if match else path
            if match and match["kind"] == "old" and not os.path.lexists(target):
                path.rename(target)
            else:
                remove_path(path)
            cleared.append(path)
    return cleared


def symbolic_links(root: Path, ignored: Iterable[Path] = ()) -> Iterator[Path]:
    """Yields the symbolic links below `root`, but for those at or below the ignored paths."""
    skipped = set(ignored)
    for folder, names in _walk(root):
        for name in names:
            path = folder / name
            if path.is_symlink() and not skipped & {path, *path.parents}:
                yield path


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders below `root` with the names in them; links are names, and not followed."""
    for folder, below, files in os.walk(root, followlinks=False):
        yield Path(folder), sorted([*below, *files])


def file_sizes(folder: Path) -> dict[str, int]:
    """Maps the files below `folder` to their sizes; checkpoints and hidden names are left out."""
    sizes: dict[str, int] = {}
    for directory, below, files in os.walk(folder, followlinks=False):
        below[:] = sorted(name for name in below if name != "checkpoints" and not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                path = Path(directory, name)
                sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    return sizes
