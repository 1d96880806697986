# pyright: strict
"""Confinement of a child before its program begins: limits, user, files, system calls, descriptors."""

from __future__ import annotations

import fcntl
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass

from numerate.interpreter.landlock import restrict
from numerate.interpreter.libc import (
    PR_SET_DUMPABLE,
    PR_SET_KEEPCAPS,
    PR_SET_NO_NEW_PRIVS,
    checked,
    die_with_parent,
    keep_capabilities,
    prctl,
)
from numerate.interpreter.plan import MIB, Bounds, LayerPlan
from numerate.interpreter.seccomp import install_filter

REPORT, CELLS = 3, 4
"""descriptors of the pipes to and from the supervisor"""
OPEN_FILES = 128
STACK = 64 * MIB
SPARE = 16 * MIB
"""address space kept back for the message on a MemoryError"""
CAP_DAC_READ_SEARCH = 1 << 2


@dataclass(frozen=True, slots=True)
class Confinement:
    """Everything that a child needs to confine itself."""

    plan: LayerPlan
    bounds: Bounds
    folder: bytes
    user: int
    ruleset: int
    parent: int
    address_space: int
    """bytes that the supervisor maps itself"""
    persistent: bool
    """for several cells; then only the supervisor limits CPU time, cell by cell"""


def confine(own: Confinement, streams: tuple[int, int, int, int]) -> None:
    """Confines this process. streams: the pipes for standard output, standard error and reports, and the
    one that cells come from (-1: none). Raises OSError or ValueError, with the layer's name, on a failure."""
    layers: list[tuple[str, Callable[[], object], bool]] = [
        ("process group", lambda: os.setpgid(0, 0), True),
        ("parent-death signal", lambda: die_with_parent(own.parent), True),
        ("standard streams", lambda: connect(streams), True),
        ("scratch folder", lambda: enter(own.folder), True),
        ("resource limits", lambda: limit(own), True),
        ("chroot", lambda: os.chroot("."), own.plan.chroot),
        ("user", lambda: change_user(own.user, own.plan.read_search), own.plan.other_user),
        ("parent-death signal", lambda: die_with_parent(own.parent), own.plan.other_user),
        ("no new privileges", forbid_privileges, own.plan.seccomp or own.plan.landlock > 0),
        ("Landlock", lambda: restrict(own.ruleset), own.plan.landlock > 0),
        ("seccomp", install_filter, own.plan.seccomp),
        ("descriptors", lambda: os.closerange(CELLS + 1, 1 << 20), True),
    ]
    for name, apply, is_planned in layers:
        if is_planned:
            try:
                apply()
            except (OSError, ValueError) as error:
                raise OSError(f"{name}: {error}") from error
    if streams[3] < 0:
        os.close(CELLS)


def connect(streams: tuple[int, int, int, int]) -> None:
    """Moves the pipes to the numbers 1 to 4."""
    high = [fcntl.fcntl(max(0, source), fcntl.F_DUPFD, 16) for source in streams]
    for target, source in enumerate(high, start=1):
        os.dup2(source, target)


def enter(folder: bytes) -> None:
    os.chdir(folder)
    os.umask(0o077)


def limit(own: Confinement) -> None:
    """Sets the limits that the kernel keeps for each process."""
    space = own.address_space + own.bounds.memory * MIB
    cpu = resource.RLIM_INFINITY if own.persistent else int(own.bounds.cpu) + 1  # see Run.look_at_cpu
    limits = [
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, cpu, cpu if own.persistent else cpu + 1),
        (resource.RLIMIT_FSIZE, own.bounds.disk * MIB, own.bounds.disk * MIB),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_STACK, *stack_limit()),
        (resource.RLIMIT_AS, space, space + SPARE),
    ]
    if own.plan.other_user:  # counted by user: under the caller's own it would count the caller's threads too
        limits.append((resource.RLIMIT_NPROC, own.bounds.threads, own.bounds.threads))
    for which, soft, hard in limits:
        resource.setrlimit(which, (soft, hard))


def stack_limit() -> tuple[int, int]:
    """Returns the limit of the main thread's stack, within what is allowed already."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    size = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    return size, size


def change_user(user: int, read_search: bool) -> None:
    """Becomes another user for good, without groups, and without any right of root except, where Python
    stands in a folder of root's, the one to read; Landlock says what."""
    if read_search:
        checked("prctl(KEEPCAPS)", prctl(PR_SET_KEEPCAPS, 1))
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if read_search:
        keep_capabilities(CAP_DAC_READ_SEARCH)


def forbid_privileges() -> None:
    """Gives up new rights through exec, and the reading of this process's memory by others of its user."""
    checked("prctl(NO_NEW_PRIVS)", prctl(PR_SET_NO_NEW_PRIVS, 1))
    checked("prctl(DUMPABLE)", prctl(PR_SET_DUMPABLE, 0))
