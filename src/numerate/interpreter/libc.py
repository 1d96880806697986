# pyright: strict
"""Calls of the C library that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS = 1, 4, 8, 38
CAPABILITIES_3 = 0x20080522
LIBRARY = ctypes.CDLL(None, use_errno=True)
WITH_LOCK = ctypes.PyDLL(None, use_errno=True)
"""the same, holding Python's lock; this module is for systems with fork"""


def syscall(number: int, *arguments: int) -> int:
    """Makes a system call; -1 is a failure, whose reason `checked` reads."""
    return LIBRARY.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))


def prctl(option: int, value: int = 0, address: int = 0) -> int:
    """Changes a property of this process."""
    if not sys.platform.startswith("linux"):
        raise OSError("prctl is Linux's")
    zero = ctypes.c_ulong(0)
    return LIBRARY.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(address), zero, zero)


def checked(name: str, result: int) -> int:
    """Returns the result of a call. Raises OSError if it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def fork_plainly() -> int:
    """Forks without the functions that modules of Python have for that. They renew locks of other threads
    and seeds; here is one thread, and a child seeds itself. Every page that they touch would be copied."""
    return checked("fork", WITH_LOCK.fork())


def die_with_parent(parent: int) -> None:
    """Makes the kernel end this process when its parent ends. Raises OSError if it has ended already."""
    if sys.platform.startswith("linux"):
        checked("prctl(PDEATHSIG)", prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    if os.getppid() != parent:
        raise OSError("the parent has ended")


def keep_capabilities(mask: int) -> None:
    """Reduces the capabilities of this process to those of the mask."""
    header = struct.pack("=Ii", CAPABILITIES_3, 0)
    sets = struct.pack("=6I", mask, mask, 0, mask >> 32, mask >> 32, 0)
    checked("capset", LIBRARY.capset(header, sets))
