# pyright: strict
"""The writer of files and folders: whole or not at all, also when the process is killed, the disk is full, or
the power fails. What it writes has a temporary name in the same folder, is flushed to the disk, and renamed.

Nothing else in the package writes to a path of a user or of a run (tests/test_writer.py), but for the logs
that grow (`log`) and the lock (`lock`)."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from numerate.store.hashes import SUMS, checksum_lines

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
"""of a flush of a folder: some network file systems have none, and a folder may be closed to readers"""
STREAMS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
"""folders of devices and open files"""
_RUST = re.compile(r"\(os error (\d+)\)")


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """Yields a path to write to; that file takes the place of `path` when the block ends without an error.

    It lies in the same folder, made if need be, under a hidden name. After an error it is removed and
    `path` is as it was; a killed process leaves it behind, and nothing reads it. A full disk raises OSError
    with the name of the file. A device or a pipe is written to directly.
    """
    if is_stream(path):
        yield path
        return
    make_folder(path.parent)
    part = hidden_sibling(path, "part")
    try:
        with room_for(path):
            yield part
            flush_to_disk(part)
            os.replace(part, path)
            flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replace_folder(target: Path, *, lasting: bool = True) -> Generator[Path]:
    """Yields an empty folder to write to; it takes the place of `target` when the block ends without an
    error.

    lasting: its files are flushed to the disk, and it gets checksums (SHA256SUMS). After an error `target` is
    as it was. A full disk raises OSError with the name of the folder."""
    make_folder(target.parent)
    part = hidden_sibling(target, "part")
    try:
        with room_for(target):
            part.mkdir()
            yield part
            if lasting:
                (part / SUMS).write_text(checksum_lines(part), encoding="utf-8")
                for path in (*part.rglob("*"), part):
                    flush_to_disk(path)
            _swap(part, target, lasting)
    finally:
        shutil.rmtree(part, ignore_errors=True)


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
    """Makes a folder and those above it that are missing; each new name is flushed to the disk."""
    missing: list[Path] = []
    for path in (folder, *folder.parents):
        if path.is_dir():
            break
        missing.append(path)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        flush_to_disk(path.parent)


def hidden_sibling(path: Path, kind: str) -> Path:
    """Returns a hidden name in the same folder that no other writer uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.{kind}")


def is_stream(path: Path) -> bool:
    """Checks whether a path names a device or a pipe, such as /dev/null, which cannot be replaced."""
    return path.absolute().parent in STREAMS or (path.exists() and not (path.is_file() or path.is_dir()))


@contextmanager
def room_for(path: Path) -> Generator[None]:
    """Turns what a full disk raises within, also in a library that is not Python, into an OSError that names
    `path` and what to do."""
    try:
        yield
    except Exception as error:
        number = _number(error)
        if number in FULL and not str(getattr(error, "filename", "")).startswith(str(path)):
            reason = f"{os.strerror(number)}; the file is unchanged: free disk space and run again"
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
