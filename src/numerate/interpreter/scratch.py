# pyright: strict
"""Scratch folders: making, measuring and emptying them, whatever a program left inside."""

from __future__ import annotations

import os
import stat

MODE = 0o700


def make_folder(path: bytes, user: int | None) -> None:
    """Makes the folder of a seat; `user` owns it."""
    os.mkdir(path, MODE)
    if user is not None:
        os.chown(path, user, user)


def usage(path: bytes, most: int) -> tuple[int, int]:
    """Returns the files and the bytes on the disk within a folder; stops counting above `most` files."""
    files = size = 0
    stack = [path]
    while stack and files <= most:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    files += 1
                    status = entry.stat(follow_symlinks=False)
                    size += max(status.st_blocks * 512, 0)
                    if stat.S_ISDIR(status.st_mode):
                        stack.append(os.fsencode(entry.path))
                    if files > most:
                        break
        except OSError:  # gone in the meantime, closed to us, or nested too deep
            files += 1
    return files, size


def unlinked_usage(pid: int) -> tuple[int, int]:
    """Returns the files and the bytes on the disk or in memory that a process holds open and no folder shows:
    deleted files, and those that never had a name."""
    files = size = 0
    folder = f"/proc/{pid}/fd"
    try:
        handles = os.listdir(folder)
    except OSError:  # the process is gone
        return 0, 0
    for handle in handles:
        try:
            status = os.stat(f"{folder}/{handle}")
        except OSError:  # closed in the meantime
            continue
        if stat.S_ISREG(status.st_mode) and not status.st_nlink:
            files += 1
            size += status.st_blocks * 512
    return files, size


def empty_folder(path: bytes) -> None:
    """Removes everything within a folder. Nested folders are first moved to its top, so that neither depth
    nor length of a path matters; links are removed, never followed."""
    moved, token = 0, os.urandom(8).hex().encode()  # a name that no program can have taken
    with os.scandir(path) as entries:
        stack = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    while stack:
        name, is_folder = stack.pop()
        inner = os.path.join(path, name)
        if not is_folder:
            os.unlink(inner)
            continue
        os.chmod(inner, MODE)
        with os.scandir(inner) as entries:
            below = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for child, nested in below:
            source = os.path.join(inner, child)
            if nested:
                os.chmod(source, MODE)
                moved += 1
                target = b"%s-%d" % (token, moved)
                os.rename(source, os.path.join(path, target))
                stack.append((target, True))
            else:
                os.unlink(source)
        os.rmdir(inner)


def remove_folder(path: bytes) -> None:
    """Removes a folder with all that it holds; one that is gone already is no fault."""
    try:
        empty_folder(path)
        os.rmdir(path)
    except FileNotFoundError:
        return
