# pyright: strict
"""Limits and layers as the supervising processes know them: plain values that cross a socket as JSON."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
DATA = ("/usr/share/zoneinfo", "/dev/urandom", "/dev/random", "/dev/zero")
FOREIGN = 1_000_000_000
"""the first user id of programs, where the system has that many"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one execution; `options.Limits` has the units."""

    timeout: float
    grace: float
    cpu: float
    memory: int
    output: int
    flood: int
    disk: int
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """Layers that each program is put under. A layer that fails makes the execution `setup_failed`."""

    landlock: int = 0
    """version, 0: without"""
    seccomp: bool = False
    other_user: bool = False
    """a user id of its own for each program; needs root"""
    read_search: bool = False
    """the right to search folders that only root may enter: Python itself stands in one"""
    chroot: bool = False

    @property
    def confined(self) -> bool:
        """Checks whether files, network and processes of others are out of a program's reach."""
        return self.seccomp and (self.landlock > 0 or self.chroot)


def readable(path: Iterable[str]) -> list[str]:
    """Returns the files and folders that a program may read: Python's library, the installed packages on
    the path, and the libraries of the system."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    packages = [entry for entry in path if Path(entry).name in ("site-packages", "dist-packages")]
    shared = os.path.join(sys.base_prefix, "lib")
    libraries = [] if sys.base_prefix in ("/", "/usr") else shared_libraries(shared)
    return sorted({*own, *packages, *libraries, *LIBRARIES, *DATA})


def shared_libraries(folder: str) -> list[str]:
    """Returns the shared libraries beside Python's library."""
    if not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in os.listdir(folder) if ".so" in name]


def is_open_to_all(path: str) -> bool:
    """Checks whether every user may enter a folder and those above it."""
    folders = [Path(path).resolve(), *Path(path).resolve().parents]
    return all(each.stat().st_mode & 0o005 == 0o005 for each in folders[:1]) and all(
        each.stat().st_mode & 0o001 for each in folders[1:]
    )


def user_of(seat: int, zygote: int) -> int:
    """Returns the user id of the programs in a seat: nobody else's, and another for each seat."""
    try:
        with open("/proc/self/uid_map") as rows:
            limit = max(int(row.split()[0]) + int(row.split()[2]) for row in rows)
    except OSError:
        limit = 1 << 16
    if limit > 2 * FOREIGN:
        return FOREIGN + zygote % 10_000 * 100_000 + seat % 100_000
    if limit >= 1 << 16:
        return 20_000 + (zygote * 97 + seat) % 40_000
    raise OSError(f"there are only {limit} user ids")
