# pyright: strict
"""Filter of system calls (seccomp): a list of those allowed, as a program for the kernel's packet filter.

A program may read, write, map memory, start threads, wait and catch signals. It may signal, limit and examine
itself only. Everything else is refused with EPERM; `clone3` with ENOSYS, so that the C library falls back to
`clone`, whose arguments a filter can read. Foreign calling conventions end the process."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from functools import cache

from numerate.interpreter.libc import checked, prctl
from numerate.interpreter.syscalls import CHECKED_AARCH64, CHECKED_X86_64, FREE_AARCH64, FREE_X86_64

LOAD, JEQ, JGT, JGE, AND, RETURN = 0x20, 0x15, 0x25, 0x35, 0x54, 0x06
ALLOW, KILL, REFUSE, ABSENT = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
"""the last two: EPERM, ENOSYS"""
PR_SET_SECCOMP, MODE_FILTER = 22, 2
STAND_IN = 0x7A5C31E7
"""no process has this number"""
MACHINES = {
    "x86_64": (0xC000003E, FREE_X86_64, CHECKED_X86_64),
    "aarch64": (0xC00000B7, FREE_AARCH64, CHECKED_AARCH64),
    "arm64": (0xC00000B7, FREE_AARCH64, CHECKED_AARCH64),
}
THREAD, NAMESPACES = 0x10000, 0x7E020080
"""flags of clone"""
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)
"""duplicates, flags and locks; never owners of signals, leases, notices or sizes of pipes"""
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX"""
PRCTL = (15, 16, 0x53564D41)
"""names of threads and of mappings"""

Line = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand"""


def allow() -> Line:
    return (RETURN, 0, 0, ALLOW)


def load(argument: int, high: bool = False) -> Line:
    """Loads 32 bits of an argument; both machines store the low half first."""
    return (LOAD, 0, 0, 16 + 8 * argument + 4 * high)


def any_of(argument: int, values: tuple[int, ...]) -> list[Line]:
    """Allows the call if the argument is any of the values."""
    lines = [load(argument)]
    for value in values:
        lines += [(JEQ, 0, 1, value), allow()]
    return lines


def rules(pid: int) -> dict[str, list[Line]]:
    """Returns the rules of the calls whose arguments matter, for the process `pid`."""
    read_only_truncation = [(AND, 0, 0, 0o1003), (JEQ, 1, 0, 0o1000), allow()]
    return {
        "clone": [load(0), (AND, 0, 0, THREAD | NAMESPACES), (JEQ, 0, 1, THREAD), allow()],
        "clone3": [(RETURN, 0, 0, ABSENT)],
        "kill": any_of(0, (pid,)),
        "tgkill": any_of(0, (pid,)),
        "rt_sigqueueinfo": any_of(0, (pid,)),
        "rt_tgsigqueueinfo": any_of(0, (pid,)),
        "prlimit64": any_of(0, (0, pid)),
        "fcntl": any_of(1, FCNTL),
        "ioctl": any_of(1, IOCTL),
        "prctl": any_of(0, PRCTL),
        "socketpair": [load(0), (JEQ, 0, 4, 1), load(1), (AND, 0, 0, 0xF), (JEQ, 0, 1, 1), allow()],
        "sendto": [load(4), (JEQ, 0, 3, 0), load(4, high=True), (JEQ, 0, 1, 0), allow()],
        "open": [load(1), *read_only_truncation],
        "openat": [load(2), *read_only_truncation],
    }


def head_lines(machine: str) -> list[Line]:
    """Returns the lines that check the calling convention and load the number of the call."""
    lines: list[Line] = [
        (LOAD, 0, 0, 4),
        (JEQ, 1, 0, MACHINES[machine][0]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":  # the numbers of x32 begin there
        lines += [(JGE, 0, 1, 0x40000000), (RETURN, 0, 0, KILL)]
    return lines


def tree(runs: list[tuple[int, int]]) -> list[Line]:
    """Returns lines that allow the numbers in sorted runs, by halves: the kernel executes a new filter for
    every call that there is, and a list would make that slow."""
    if len(runs) > 1:
        half = len(runs) // 2
        left = tree(runs[:half])
        return [(JGE, len(left), 0, runs[half][0]), *left, *tree(runs[half:])]
    low, high = runs[0]
    return [(JGE, 0, 2, low), (JGT, 1, 0, high), allow(), (RETURN, 0, 0, REFUSE)]


def ranges(values: list[int]) -> list[tuple[int, int]]:
    """Returns (first, last) of the unbroken runs in sorted numbers."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


@cache
def template(machine: str) -> bytes:
    """Returns the filter for the process STAND_IN. A supervisor makes it once, for all its children."""
    _, free, numbers = MACHINES[machine]
    lines = head_lines(machine)
    for name, body in rules(STAND_IN).items():
        if name in numbers:
            block = [*body, (RETURN, 0, 0, REFUSE)]
            lines += [(JEQ, 0, len(block), numbers[name]), *block]
    lines += tree(ranges(sorted(free.values())))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def make_filter(pid: int, machine: str) -> bytes:
    """Returns the filter for the process `pid`."""
    return template(machine).replace(struct.pack("=I", STAND_IN), struct.pack("=I", pid))


def prepare_filter() -> None:
    """Makes what `install_filter` needs, where the machine is one that has a table."""
    if platform.machine() in MACHINES:
        template(platform.machine())


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_void_p)]


def install_filter() -> None:
    """Puts this process, and for good, under the filter. Raises OSError where the kernel refuses."""
    machine = platform.machine()
    if machine not in MACHINES:
        raise OSError(f"no table of system calls for {machine}")
    lines = make_filter(os.getpid(), machine)
    buffer = ctypes.create_string_buffer(lines, len(lines))
    program = _Program(len(lines) // 8, ctypes.addressof(buffer))
    checked("seccomp", prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(program)))
