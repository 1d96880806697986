# pyright: strict
"""The writer of files and folders: whole or not at all, also when the process is killed, the disk is full, or
the power fails. What it writes has a temporary name in the same folder, is flushed to the disk, and renamed.

Nothing else in the package writes to a path of a user or of a run (tests/test_writer.py), but for the logs
that grow (`log`) and the lock (`lock`)."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from numerate.store.hashes import SUMS, checksum_lines
from numerate.store.paths import follow_links, hidden_sibling, is_stream, lives, read_hidden

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
"""of a flush of a folder: some network file systems have none, and a folder may be closed to readers"""
UNCHANGED = "the file is unchanged: free disk space and run again"
_RUST = re.compile(r"\(os error (\d+)\)")
_naming_folders = threading.RLock()
"""held while a folder has no name, between the two renames of a swap: other threads of this process may
neither give it back nor swap it, too"""


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """Yields a path to write to; that file takes the place of `path` when the block ends without an error.

    It lies in the same folder, made if need be, under a hidden name, and gets the permissions of the old
    file. After an error it is removed and `path` is as it was; a killed process leaves it behind, and nothing
    reads it. A symbolic link stays, and the file that it leads to is replaced. A device or a pipe is written
    to directly. Errors name `path`; a full disk raises OSError.
    """
    target = follow_links(path)
    if is_stream(target):
        with room_for(path, remedy=""):
            yield path
        return
    make_folder(target.parent)
    part = hidden_sibling(target, "part")
    mode = _permissions(target)
    try:
        with room_for(path), _naming(path, part, target):
            if mode is not None:  # what others may not read is not theirs to read while it is written either
                part.touch(mode=mode & 0o700 | 0o600)
            yield part
            flush_to_disk(part)
            if mode is not None:
                part.chmod(mode)
            os.replace(part, target)
            flush_to_disk(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replace_folder(path: Path, *, lasting: bool = True) -> Generator[Path]:
    """Yields an empty folder to write to; it takes the place of `path` when the block ends without an error.

    lasting: its files are flushed to the disk, and it gets checksums (SHA256SUMS). After an error `path` is
    as it was; what a kill leaves in between, `recover_folder` puts right. Links are treated as in
    `replace_file`; the permissions are those of an old folder, with all of them for its owner. Errors name
    `path`; a full disk raises OSError."""
    target = follow_links(path)
    make_folder(target.parent)
    recover_folder(target)
    part, old = (hidden_sibling(target, kind) for kind in ("part", "old"))
    mode = _permissions(target) if target.is_dir() else None
    try:
        with room_for(path), _naming(path, part, target, old):
            part.mkdir(mode=0o777 if mode is None else 0o700)
            yield part
            if lasting:
                (part / SUMS).write_text(checksum_lines(part), encoding="utf-8")
                for file in (*part.rglob("*"), part):
                    flush_to_disk(file)
            if mode is not None:
                part.chmod(mode | 0o700)
            _swap(part, target, old, lasting)
    finally:
        _open_to_owner(part)
        shutil.rmtree(part, ignore_errors=True)


def _permissions(path: Path) -> int | None:
    """Returns the permission bits of a file or folder, None where there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


@contextmanager
def _naming(path: Path, *hidden: Path) -> Generator[None]:
    """Names `path`, which the caller knows, in errors that name one of the hidden paths."""
    try:
        yield
    except Exception as error:
        names = [(str(each), str(path)) for each in hidden] + [(each.name, path.name) for each in hidden[:1]]

        def named(value: object) -> object:
            if not isinstance(value, str | Path):
                return value
            text = str(value)
            for old, new in names:
                text = text.replace(old, new)
            return text

        error.args = tuple(map(named, error.args))
        if isinstance(error, OSError) and error.filename is not None:
            error.filename = named(error.filename)
            if error.filename2 is not None and named(error.filename2) == error.filename:
                del error.filename2  # of a rename, whose two names are one to the caller
        raise


def _swap(part: Path, target: Path, old: Path, lasting: bool) -> None:
    """Puts a folder in the place of `target`; what was there is named `old`, and removed once the new name is
    on the disk. What cannot be removed is left over, see `folders.clear_leftovers`."""
    with _naming_folders:
        replaces = os.path.lexists(target)
        if replaces:
            os.rename(target, old)
        try:
            os.rename(part, target)
        except BaseException:
            if replaces:
                os.rename(old, target)
            raise
    if lasting:
        flush_to_disk(target.parent)
    if replaces:
        with suppress(OSError):
            remove_path(old)


def recover_folder(path: Path) -> None:
    """Gives a folder its name back where a writer was killed when it had moved the old one away and put no
    new one in its place. Does nothing while that writer may still live."""
    target = follow_links(path)
    if not target.name or os.path.lexists(target):
        return
    with _naming_folders:
        if not os.path.lexists(target):
            _take_back(target)


def _take_back(target: Path) -> None:
    try:
        names = os.listdir(target.parent)
    except OSError:  # no such folder, or closed to this reader, who says so better
        return
    for name in names:
        left = read_hidden(name)
        if left and left.kind == "old" and left.stands_for(target) and not lives(left.pid):
            with suppress(FileNotFoundError):  # another process was faster
                move_path(target.parent / name, target)
            return


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file with the line ends of the text."""
    with replace_file(path) as part:
        part.write_bytes(text.encode("utf-8"))


def move_path(source: Path, target: Path) -> None:
    """Renames a file, a folder or a link, and flushes both folders that name it to the disk. A file at
    `target` is replaced."""
    make_folder(target.parent)
    os.replace(source, target)
    flush_to_disk(target.parent)
    if source.parent != target.parent:
        flush_to_disk(source.parent)


def remove_path(path: Path) -> None:
    """Removes a file, a folder with all that is in it, or a link but not what it points to. Nothing there is
    no error; what cannot be removed raises OSError. A folder is gone at once: killed in between, only a
    leftover stays."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    going = hidden_sibling(path, "part")
    os.rename(path, going)
    _open_to_owner(going)
    shutil.rmtree(going)


def _open_to_owner(root: Path) -> None:
    """Lets the owner of a folder remove all that is in it: folders in it may be closed, as copies of others
    are."""
    _add_permissions(root)
    for folder, below, _ in os.walk(root):
        for path in (Path(folder, name) for name in below):
            _add_permissions(path)


def _add_permissions(folder: Path) -> None:
    with suppress(OSError):  # of another owner: whether it can be removed is seen then
        mode = folder.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
            folder.chmod(stat.S_IMODE(mode) | 0o700)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it that are missing, also where a symbolic link leads to; each new name
    is flushed to the disk."""
    missing: list[Path] = []
    for path in (folder, *folder.parents):
        if path.is_dir():
            break
        missing.append(path)
    for path in reversed(missing):
        if path.is_symlink():
            make_folder(follow_links(path))
        else:
            path.mkdir(exist_ok=True)
            flush_to_disk(path.parent)


@contextmanager
def room_for(path: Path, *, remedy: str = UNCHANGED) -> Generator[None]:
    """Converts errors of a full disk, also of a library that is not Python, into an OSError that names `path`
    and the remedy."""
    try:
        yield
    except Exception as error:
        number = _number(error)
        if number in FULL and not str(getattr(error, "filename", "")).startswith(str(path)):
            reason = "; ".join(filter(None, (os.strerror(number), remedy)))
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
    folder = path.is_dir()
    if folder and os.name != "posix":  # elsewhere a folder cannot be opened
        return
    try:
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if not (folder and error.errno in UNSUPPORTED):
            raise
