# pyright: strict
"""Ends of paths: symbolic links, devices and pipes; hidden temporary names beside them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

LINKS = 40
"""symbolic links in a row, as many as Linux follows"""
STEM = 255 - 40
"""bytes that a hidden name keeps of a name: most file systems have 255 for all of it"""
STREAMS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
"""folders of devices and open files"""
_HIDDEN = re.compile(r"\.(?P<stem>.+)\.(?P<pid>\d+)-[0-9a-f]{8}\.(?P<kind>part|old)", re.DOTALL)
_CUT = re.compile(r".+~[0-9a-f]{8}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A name of `hidden_sibling`, read: for which file or folder, and which writer made it."""

    stem: str
    kind: str
    pid: int

    @property
    def name(self) -> str | None:
        """Returns the name of the file or folder; None where it was too long to be kept."""
        cut = len(os.fsencode(self.stem)) > STEM - 4 and _CUT.fullmatch(self.stem)
        return None if cut else self.stem

    def stands_for(self, path: Path) -> bool:
        return self.stem == _stem(path.name)


def follow_links(path: Path) -> Path:
    """Returns the path that a symbolic link leads to in the end, also where nothing is there; `path` itself
    where it is no link, or names an open file such as /dev/stdout. Raises OSError for a loop of links."""
    end = path
    for _ in range(LINKS):
        if _is_open_file(end) or not end.is_symlink():
            return end
        end = end.parent / os.readlink(end)
    reason = "a loop of symbolic links leads nowhere: remove the link, or name another path"
    raise OSError(errno.ELOOP, reason, str(path))


def is_stream(path: Path) -> bool:
    """Checks whether a path leads to a device or a pipe, such as /dev/null, which cannot be replaced."""
    end = follow_links(path)
    return _is_open_file(end) or (end.exists() and not (end.is_file() or end.is_dir()))


def _is_open_file(path: Path) -> bool:
    return path.absolute().parent in STREAMS


def hidden_sibling(path: Path, kind: str) -> Path:
    """Returns a hidden name in the same folder that no other writer uses."""
    return path.with_name(f".{_stem(path.name)}.{os.getpid()}-{secrets.token_hex(4)}.{kind}")


def _stem(name: str) -> str:
    """Returns a name; of one that leaves no room for the rest of a hidden name, its beginning and a hash."""
    raw = os.fsencode(name)
    if len(raw) <= STEM:
        return name
    return f"{raw[: STEM - 9].decode('utf-8', 'ignore')}~{hashlib.sha256(raw).hexdigest()[:8]}"


def read_hidden(name: str) -> Hidden | None:
    """Returns what a hidden name says; None for other names."""
    match = _HIDDEN.fullmatch(name)
    return Hidden(match["stem"], match["kind"], int(match["pid"])) if match else None


def lives(pid: int) -> bool:
    """Checks whether another process of this host has the number `pid`."""
    if pid == os.getpid() or os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
