# pyright: strict
"""Zygote: a fresh Python that loads the libraries once and forks the supervisors.

It is started by exec, so it has nothing of the caller's memory; its environment is a short list. It has one
thread, and never executes a program itself."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from time import monotonic, sleep
from typing import Any

from numerate.interpreter.hugepages import collapse_heap
from numerate.interpreter.libc import die_with_parent
from numerate.interpreter.plan import Bounds, readable
from numerate.interpreter.probes import check_plan, probe_layers
from numerate.interpreter.scratch import remove_folder
from numerate.interpreter.slot import serve_slot
from numerate.interpreter.wire import Inbox, Message, packed

LIBRARIES = ("numpy", "sympy", "mpmath")
STANDARD = """
abc array ast base64 bisect bz2 calendar cmath collections contextlib copy csv dataclasses datetime
decimal difflib enum fractions functools glob graphlib hashlib heapq html inspect io itertools json
locale logging lzma math numbers operator pathlib pickle platform pprint queue random re secrets
shutil statistics string struct tempfile textwrap threading time timeit traceback types typing
warnings weakref zlib zoneinfo concurrent.futures.thread
"""
LAST_SECONDS = 5.0


def serve_zygote(handle: int) -> None:
    """Runs the zygote until the caller closes the socket; then nothing is left of it."""
    control = socket.socket(fileno=handle)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = next(iter(receive(control, Inbox())))
    slots: dict[int, int] = {}
    me = os.getpid()
    try:
        serve = prepare(control, order)
        while serve is not None and fork_next(control, slots, serve):
            pass
    finally:
        if os.getpid() == me:
            end_slots(list(slots.values()))
            with suppress(OSError):
                remove_folder(os.fsencode(order["base"]))


def prepare(control: socket.socket, order: Message) -> Callable[[socket.socket, int], None] | None:
    """Tries the layers, loads the libraries, and tells the caller; returns what a supervisor does, None where
    programs may not run."""
    bounds, base, paths = Bounds(**order["bounds"]), order["base"], readable(sys.path)
    plan, layers = probe_layers(base, paths, order["without"])
    reason = check_plan(plan, base, bounds, paths)
    confined = plan.confined and not reason
    reply: Message = {"layers": [asdict(layer) for layer in layers], "confined": confined, "reason": reason}
    if order["only_probe"] or not (confined or order["unconfined"]) or reason:
        control.sendall(packed(reply))
        return None
    reply["libraries"] = load_libraries()
    raise_open_files()
    gc.collect()
    gc.freeze()
    collapse_heap()
    control.sendall(packed(reply))

    def serve(caller: socket.socket, number: int) -> None:
        serve_slot(caller, plan, bounds, base, (number, order["slots"]), paths)

    return serve


def receive(control: socket.socket, inbox: Inbox) -> list[Message]:
    """Returns the next messages. Ends the process where the caller is gone."""
    while True:
        data = control.recv(1 << 16)
        if not data:
            os._exit(0)
        messages = list(inbox.add(data))
        if messages:
            return messages


def fork_next(
    control: socket.socket, slots: dict[int, int], serve: Callable[[socket.socket, int], None]
) -> bool:
    """Forks a supervisor with the socket that the caller sends, numbered by the byte beside it; False
    when the caller is gone."""
    data, handles, _, _ = socket.recv_fds(control, 1, 1)
    if not data or not handles:
        return False
    number = data[0]
    if number in slots:  # its successor
        end_slots([slots[number]])
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            control.close()
            die_with_parent(me)
            serve(socket.socket(fileno=handles[0]), number)
            status = 0
        finally:
            os._exit(status)
    os.close(handles[0])
    slots[number] = pid
    return True


def end_slots(pids: list[int]) -> None:
    """Waits for supervisors, whose sockets are closed, and kills those that do not end."""
    until = monotonic() + LAST_SECONDS
    for pid in pids:
        with suppress(ChildProcessError):
            while os.waitpid(pid, os.WNOHANG)[0] == 0:
                if monotonic() > until:
                    os.kill(pid, signal.SIGKILL)
                sleep(0.005)


def raise_open_files() -> None:
    """Lets a supervisor have the descriptors of thousands of sessions, where the system allows them."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wish = hard if hard != resource.RLIM_INFINITY else 1 << 20
    if soft != resource.RLIM_INFINITY and soft < wish:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wish, hard))


def load_libraries() -> list[str]:
    """Imports what programs use, touches what it computes on first use, and seeds it. Returns the names and
    versions of the libraries; those that are not installed are left out."""
    warnings.simplefilter("ignore")
    loaded: list[str] = []
    for name in (*STANDARD.split(), *LIBRARIES):
        try:
            module = import_module(name)
        except ImportError:
            continue
        if name in LIBRARIES:
            loaded.append(f"{name} {getattr(module, '__version__', '')}".strip())
    if "sympy" in sys.modules:
        warm_sympy(import_module("sympy"))
    if "numpy" in sys.modules:
        numpy = import_module("numpy")
        numpy.linalg.solve(numpy.eye(3), numpy.ones(3))
        numpy.random.seed(0)
    import_module("random").seed(0)
    warnings.resetwarnings()
    return loaded


def warm_sympy(sympy: Any) -> None:
    """Computes a little of everything, so that modules loaded late and tables made late are there."""
    x, y = sympy.symbols("x y")
    sympy.solve(x**2 - 5 * x + 6, x)
    sympy.solve([x + y - 3, x - y - 1], [x, y])
    sympy.simplify(sympy.sin(x) ** 2 + sympy.cos(x) ** 2)
    sympy.integrate(x**2 * sympy.exp(-x), (x, 0, sympy.oo))
    sympy.summation(1 / x**2, (x, 1, sympy.oo))
    sympy.factorint(360360)
    sympy.solveset(abs(sympy.Symbol("r", real=True)) - 5, domain=sympy.S.Reals)
    sympy.Matrix([[1, 2], [3, 4]]).eigenvals()
    sympy.N(sympy.pi, 30)
    sympy.limit(sympy.sin(x) / x, x, 0)
    sympy.nsimplify(0.125)
    str(sympy.expand((x + y) ** 3) / sympy.sqrt(2))
    sympy.latex(x / y)
    sympy.core.cache.clear_cache()
