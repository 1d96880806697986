# pyright: strict
"""Contents of folders: leftovers of killed writers, symbolic links, sizes of files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from numerate.store.files import move_path, remove_path
from numerate.store.paths import Hidden, read_hidden

_SHARE = re.compile(r"part-\d+\.share-\d+")
"""names from `rollouts.sharing.write_part`"""


def clear_leftovers(root: Path) -> list[Path]:
    """Removes what killed writers left below `root`; a folder that was about to be replaced gets its name
    back where no successor has it. For the only writer. Returns the paths."""
    cleared: list[Path] = []
    for folder, names in _walk(root):
        for name in names:
            left = read_hidden(name)
            if left is None and not _SHARE.fullmatch(name):
                continue
            path = folder / name
            if left and left.kind == "old" and not _has_successor(left, folder):
                if left.name is None:  # whoever asks for that folder knows its name (files.recover_folder)
                    continue
                move_path(path, folder / left.name)
            else:
                remove_path(path)
            cleared.append(path)
    return cleared


def _has_successor(left: Hidden, folder: Path) -> bool:
    if left.name is not None:
        return os.path.lexists(folder / left.name)
    return any(map(left.stands_for, folder.iterdir()))


def symbolic_links(root: Path, ignored: Iterable[Path] = ()) -> Iterator[Path]:
    """Yields the symbolic links below `root`, but for those at or below the ignored paths."""
    skipped = set(ignored)
    for folder, names in _walk(root):
        for name in names:
            path = folder / name
            if path.is_symlink() and not skipped & {path, *path.parents}:
                yield path


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yields folders below `root` with the names in them; links are names, and not followed."""
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
