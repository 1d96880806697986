# pyright: strict
"""Probes of the layers: each tries, in a child under the layer, what the layer forbids."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from numerate.interpreter import landlock
from numerate.interpreter.confine import REPORT, Confinement, change_user, confine, forbid_privileges
from numerate.interpreter.layers import IsolationLayer
from numerate.interpreter.pipe import write_pipe
from numerate.interpreter.plan import Bounds, LayerPlan, is_open_to_all, user_of
from numerate.interpreter.scratch import make_folder, remove_folder
from numerate.interpreter.seccomp import install_filter

Act = Callable[[], object]
PATIENCE = 20
"""seconds"""


def in_child(work: Callable[[int], str]) -> str:
    """Returns the text that the work returns in a child, or the reason why it returned none. The work
    receives the pipe that the text is written to; it may move it to where programs report."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(PATIENCE)
        try:
            text = work(write)
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        answer = b"=" + text.encode("utf-8", "replace")[:400]
        try:
            write_pipe(write, answer)
        except OSError:
            write_pipe(REPORT, answer)
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        text = pipe.read()
    status = os.waitpid(pid, 0)[1]
    return text[1:].decode("utf-8", "replace") if text else f"the probe ended with status {status}"


def first_allowed(acts: dict[str, Act], denied: tuple[type[Exception], ...] = (OSError,)) -> str:
    """Returns a line on the first act that was not denied, "" where all were."""
    for name, act in acts.items():
        with suppress(*denied):
            act()
            return f"{name} was not denied"
    return ""


def outside(folder: bytes) -> dict[str, Act]:
    """Returns acts on files outside a folder."""
    return {
        "reading /etc/passwd": lambda: open("/etc/passwd").close(),
        "listing /": lambda: os.listdir("/"),
        "writing beside the scratch folder": lambda: os.mkdir(folder + b"-beside"),
    }


def beyond(parent: int) -> dict[str, Act]:
    """Returns acts on the network and on other processes."""
    return {
        "a socket": lambda: socket.socket().close(),
        "a process": fork_and_end,
        "a signal to the parent": lambda: os.kill(parent, 0),
        "limits of the parent": lambda: resource.prlimit(parent, resource.RLIMIT_CORE),
        "rights of a file": lambda: os.chmod("/", 0o755) if os.getuid() else os.chown("/", -1, -1),
    }


def fork_and_end() -> None:
    if os.fork() == 0:
        os._exit(0)


def needs(folder: bytes) -> None:
    """Does what every program may. Raises OSError if a layer forbids it."""
    with open(os.__file__, "rb") as file:
        file.read(1)
    with open("probe", "w") as file:
        file.write("x")
    os.unlink("probe")


def probe_limits() -> str:
    space = (1 << 32, 1 << 32)
    resource.setrlimit(resource.RLIMIT_AS, space)
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    acts: dict[str, Act] = {
        "8 GiB of memory": lambda: bytearray(1 << 33),
        "100 open files": lambda: [os.dup(0) for _ in range(100)],
    }
    return first_allowed(acts, (MemoryError, OSError))


def probe_user(user: int) -> str:
    parent = os.getppid()
    change_user(user, read_search=False)
    return first_allowed(
        {"becoming root again": lambda: os.setuid(0), "a signal to the parent": lambda: os.kill(parent, 0)}
    )


def probe_landlock(folder: bytes, readable: Sequence[str]) -> str:
    ruleset = landlock.make_ruleset(folder, readable, landlock.version())
    os.chdir(folder)
    forbid_privileges()
    landlock.restrict(ruleset)
    needs(folder)
    return first_allowed(outside(folder))


def probe_seccomp() -> str:
    parent = os.getppid()
    forbid_privileges()
    install_filter()
    return first_allowed(beyond(parent))


def probe_chroot(folder: bytes) -> str:
    os.chdir(folder)
    os.chroot(".")
    return first_allowed({"reading /etc/passwd": lambda: open("/etc/passwd").close()})


def probe_all(
    plan: LayerPlan, bounds: Bounds, folder: bytes, user: int, readable: Sequence[str], pipe: int
) -> str:
    """Confines a child as programs are, and tries everything again."""
    ruleset = landlock.make_ruleset(folder, readable, plan.landlock) if plan.landlock else -1
    parent = os.getppid()
    own = Confinement(*(plan, bounds, folder, user, ruleset, parent), address_space=1 << 33, persistent=False)
    null = os.open("/dev/null", os.O_RDONLY)
    confine(own, (null, null, pipe, -1))
    if not plan.chroot:
        needs(folder)
    acts = (outside(folder) if plan.landlock else {}) | (beyond(parent) if plan.seccomp else {})
    return first_allowed(acts)


def probe_layers(
    base: str, readable: Sequence[str], without: Collection[str]
) -> tuple[LayerPlan, list[IsolationLayer]]:
    """Returns the layers that hold on this machine, and the plan that uses them. without: layers that are
    taken for absent."""
    folder = os.fsencode(os.path.join(base, "probe"))
    root = hasattr(os, "setresuid") and os.geteuid() == 0
    user = user_of(99_999, os.getpid()) if root else -1
    layers: list[IsolationLayer] = []

    def holds(name: str, forbids: str, probe: Callable[[], str], possible: bool, absent: str) -> bool:
        reason = absent if not possible else "left out" if name in without else in_fresh(probe)
        layers.append(IsolationLayer(name, not reason, reason or forbids))
        return not reason

    def in_fresh(probe: Callable[[], str]) -> str:
        make_folder(folder, None)
        try:
            return in_child(lambda _: probe())
        finally:
            remove_folder(folder)

    linux = sys.platform.startswith("linux")
    holds("limits", "memory, CPU time, open files", probe_limits, True, "")
    seccomp = holds("seccomp", "network, processes, signals to others", probe_seccomp, linux, "it is Linux's")
    abi = landlock.version() if linux else 0
    files = holds(
        *("landlock", "files outside the program's folder and Python's library"),
        *(lambda: probe_landlock(folder, readable), abi > 0, "this kernel has none"),
    )
    other = holds("user", "all that belongs to other users", lambda: probe_user(user), root, "needs root")
    chroot = root and not files
    if chroot:
        chroot = holds("chroot", "files", lambda: probe_chroot(folder), True, "")
    search = other and files and not all(map(is_open_to_all, filter(os.path.isdir, readable)))
    plan = LayerPlan(abi if files else 0, seccomp, other, search, chroot and other)
    return plan, layers


def check_plan(plan: LayerPlan, base: str, bounds: Bounds, readable: Sequence[str]) -> str:
    """Returns why the layers do not hold together, "" where they do."""
    folder = os.fsencode(os.path.join(base, "probe"))
    user = user_of(99_999, os.getpid()) if plan.other_user else -1
    make_folder(folder, user if plan.other_user else None)
    try:
        return in_child(lambda pipe: probe_all(plan, bounds, folder, user, readable, pipe))
    finally:
        remove_folder(folder)
