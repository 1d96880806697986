# pyright: strict
"""Landlock: the files that a program may open, the ports and processes that it may reach."""

from __future__ import annotations

import ctypes
import fcntl
import os
import stat
import struct
from collections.abc import Iterable

from numerate.interpreter.libc import checked, syscall

CREATE, ADD, RESTRICT = 444, 445, 446
"""system calls, the same on every machine"""
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
READ = EXECUTE | READ_FILE | READ_DIR
FOLDER = (
    *(READ_FILE, WRITE_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE),
    *(MAKE_DIR, MAKE_FILE, REFER, TRUNCATE),
)
"""rights in the program's own folder"""
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
ABOVE = 16
"""descriptors of rules are above those that a child's pipes are moved to"""
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""version -> bits that it can restrict; 16 from the fifth on"""


def version() -> int:
    """Returns the version of Landlock, 0 where there is none."""
    return max(0, syscall(CREATE, 0, 0, 1))


def make_ruleset(folder: bytes, readable: Iterable[str], abi: int) -> int:
    """Returns a descriptor of the rules: what may be read, and the folder that may be written to. Network
    and signals to other processes are refused where this version can."""
    handled = (1 << RIGHTS.get(abi, 16)) - 1
    parts = [handled, 0b11 if abi >= 4 else 0, 0b11 if abi >= 6 else 0]
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    buffer = ctypes.create_string_buffer(struct.pack("=3Q", *parts), 24)
    low = checked("landlock_create_ruleset", syscall(CREATE, ctypes.addressof(buffer), size, 0))
    ruleset = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, ABOVE)
    os.close(low)
    try:
        for path in readable:
            add_rule(ruleset, os.fsencode(path), READ & handled)
        add_rule(ruleset, b"/dev/null", (READ_FILE | WRITE_FILE) & handled)
        add_rule(ruleset, folder, sum(FOLDER) & handled)
    except OSError:
        os.close(ruleset)
        raise
    return ruleset


def add_rule(ruleset: int, path: bytes, rights: int) -> None:
    """Allows the rights beneath a path; one that is out of reach is left out."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
        checked("landlock_add_rule", syscall(ADD, ruleset, 1, ctypes.addressof(rule), 0))
    finally:
        os.close(handle)


def restrict(ruleset: int) -> None:
    """Puts this process, and for good, under the rules."""
    checked("landlock_restrict_self", syscall(RESTRICT, ruleset, 0))
