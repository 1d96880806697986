# pyright: strict
"""One writer per folder: a lock file that says which process writes there.

The kernel's lock on the open file ends with its process, however that ends, and holds between hosts where the
file system passes it on. What is written in the file counts where it does not: a process of this host that is
gone, or whose number belongs to another one by now, holds nothing. The lock file is written in place, not
through the writer of `files`: a lock belongs to the open file, and a file in its place would have none."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from numerate.store.files import make_folder

try:
    import fcntl
except ImportError:  # not on this system: what the file says has to do
    fcntl = None

LOCK = ".lock"
"""name of the lock file in a folder"""
BUSY = (errno.EACCES, errno.EAGAIN)
_held = set[Path]()
"""of this process: the kernel's locks do not tell two writers of one process apart"""


@contextmanager
def hold_lock(lock: Path, notify: Callable[[str], object] = lambda text: None) -> Generator[None]:
    """Holds the lock within. Raises ValueError with the holder where another process writes.

    notify: gets a line where the lock of a process that has ended is taken over."""
    make_folder(lock.parent)
    path = lock.parent.resolve() / lock.name
    if path in _held:
        raise ValueError(_refusal(lock, _self()))
    handle = _locked(lock)
    try:
        _check(lock, _content(handle), notify)
        os.ftruncate(handle, 0)
        os.pwrite(handle, (json.dumps(_self()) + "\n").encode(), 0)
        os.fsync(handle)
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def check_free(lock: Path) -> None:
    """Raises ValueError where another process holds the lock."""
    if os.path.lexists(lock):
        with hold_lock(lock):
            pass


def _locked(lock: Path) -> int:
    """Opens the lock file and takes the kernel's lock on it."""
    while True:
        try:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
            handle = os.open(lock, flags, 0o644)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EISDIR):
                raise ValueError(f"{lock} is a link or a folder, not a lock file: remove it") from error
            raise
        try:
            if fcntl:
                _take(handle, lock)
            if _same(handle, lock):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder removed the file in the meantime


def _take(handle: int, lock: Path) -> None:
    assert fcntl is not None
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in BUSY:
            raise ValueError(_refusal(lock, _content(handle))) from None
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
            raise


def _same(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _content(handle: int) -> dict[str, Any]:
    """Returns what the holder wrote; nothing where it was killed before or while it wrote."""
    try:
        value = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _self() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "start": _start(os.getpid()),
    }


def _check(lock: Path, holder: dict[str, Any], notify: Callable[[str], object]) -> None:
    """Interprets the content of a lock that the kernel has granted."""
    if not holder:
        return
    pid, host = holder.get("pid"), holder.get("host")
    if host != socket.gethostname():
        raise ValueError(_refusal(lock, holder) + f"; if it has ended, delete {lock}")
    if isinstance(pid, int) and pid > 0 and pid != os.getpid() and _runs(pid, holder.get("start")):
        raise ValueError(_refusal(lock, holder))
    notify(f"took over the lock of process {pid}, which has ended")


def _runs(pid: int, start: object) -> bool:
    """Checks whether the process lives and is the one that wrote the lock: its number may be another's by
    now."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return not start or _start(pid) == start


def _start(pid: int) -> str:
    """Returns when a process started: which boot, and clock ticks after it; empty where the system does not
    say."""
    try:
        after = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{int(after[19])}"
    except (OSError, ValueError, IndexError):
        return ""


def _refusal(lock: Path, holder: dict[str, Any]) -> str:
    texts = [re.sub(r"[^\w.:+ -]", "?", str(holder.get(key, "?")))[:80] for key in ("pid", "host", "since")]
    folder = lock.parent if lock.name == LOCK else lock.with_name(lock.name[1:].removesuffix(LOCK))
    return (
        f"{folder} is in use: process {texts[0]} on host {texts[1]} writes to it since {texts[2]}; "
        "wait until it ends, or choose another folder"
    )
