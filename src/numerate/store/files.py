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
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from numerate.store.hashes import SUMS, checksum_lines
from numerate.store.paths import follow_links, hidden_sibling, is_stream, lives, read_hidden

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
"""of a flush of a folder: some network file systems have none, and a folder may be closed to readers"""
UNCHANGED = "the file is unchanged: free disk space and run again"
_RUST = re.compile(r"\(os error (\d+)\)")


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
    as it was; what a kill leaves in between, `recover_folder` puts right. Links and permissions are treated
    as in `replace_file`. Errors name `path`; a full disk raises OSError."""
    target = follow_links(path)
    make_folder(target.parent)
    recover_folder(target)
    part = hidden_sibling(target, "part")
    mode = _permissions(target)
    try:
        with room_for(path), _naming(path, part, target):
            part.mkdir()
            yield part
            if lasting:
                (part / SUMS).write_text(checksum_lines(part), encoding="utf-8")
                for file in (*part.rglob("*"), part):
                    flush_to_disk(file)
            if mode is not None:
                part.chmod(mode)
            _swap(part, target, lasting)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _permissions(path: Path) -> int | None:
    """Returns the permission bits of a file or folder, None where there is none."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None


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


def _swap(part: Path, target: Path, lasting: bool) -> None:
    """Puts a folder in the place of `target`; the old one is removed once the new name is on the disk."""
    old = hidden_sibling(target, "old") if os.path.lexists(target) else None
    if old:
        os.rename(target, old)
    try:
        os.rename(part, target)
    except BaseException:
        if old:
            os.rename(old, target)
        raise
    if lasting:
        flush_to_disk(target.parent)
    if old:
        remove_path(old)


def recover_folder(path: Path) -> None:
    """Gives a folder its name back where a writer was killed when it had moved the old one away and put no
    new one in its place. Does nothing while that writer may still live."""
    target = follow_links(path)
    if not target.name or os.path.lexists(target):
        return
    try:
        names = os.listdir(target.parent)
    except OSError:  # no such folder, or closed to this reader, who says so better
        return
    for name in names:
        left = read_hidden(name)
        if left and left.kind == "old" and left.stands_for(target) and not lives(left.pid):
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
    shutil.rmtree(going)


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
