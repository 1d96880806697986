# pyright: strict
"""Zygote: a fresh Python that loads the modules of programs once and forks the supervisors; a second
one, forked from it, has numpy and sympy too.

It is started by exec, so it has nothing of the caller's memory; its environment is a short list. It has one
thread, and never executes a program itself."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from time import monotonic, sleep
from typing import NamedTuple

from numerate.interpreter.hugepages import collapse_heap
from numerate.interpreter.libc import die_with_parent
from numerate.interpreter.libraries import load_libraries, load_standard, warm_libraries
from numerate.interpreter.plan import Bounds, readable
from numerate.interpreter.probes import check_plan, probe_layers
from numerate.interpreter.scratch import remove_folder
from numerate.interpreter.seats import SeatShare
from numerate.interpreter.slot import serve_slot
from numerate.interpreter.wire import NEW_SLOT, Inbox, Message, packed

LAST_SECONDS = 5.0
Serve = Callable[[socket.socket, int], None]


class Second(NamedTuple):
    """Second zygote, seen from the first."""

    orders: socket.socket
    pid: int


def serve_zygote(handle: int) -> None:
    """Runs the zygote until the caller closes the socket; then nothing is left of it."""
    control = socket.socket(fileno=handle)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = next(iter(receive(control, Inbox())))
    me = os.getpid()
    try:
        serve_order(control, order)
    finally:
        if os.getpid() == me:
            with suppress(OSError):
                remove_folder(os.fsencode(order["base"]))


def serve_order(control: socket.socket, order: Message) -> None:
    """Tries the layers, loads the modules, tells the caller, and forks supervisors until it is gone."""
    bounds, base, paths = Bounds(**order["bounds"]), order["base"], readable(sys.path)
    plan, layers = probe_layers(base, paths, order["without"])
    reason = check_plan(plan, base, bounds, paths)
    confined = plan.confined and not reason
    reply: Message = {"layers": [asdict(layer) for layer in layers], "confined": confined, "reason": reason}
    if order["only_probe"] or not (confined or order["unconfined"]) or reason:
        control.sendall(packed(reply))
        return
    family = os.getpid()

    def serve(caller: socket.socket, number: int) -> None:
        share = SeatShare(number, 2 * order["slots"], family)
        serve_slot(caller, plan, bounds, base, share, paths)

    raise_open_files()
    load_standard()
    second = None
    if plan.chroot:  # programs cannot import what is not loaded: one kind of supervisor has to do
        load_libraries()
        reply["libraries"] = warm_libraries()
    else:
        second, reply["libraries"] = fork_second(control, serve)
    collect()
    control.sendall(packed(reply))
    fork_supervisors(control, serve, second)


def fork_second(control: socket.socket, serve: Serve) -> tuple[Second, list[str]]:
    """Forks a zygote with the libraries, which ends with this one; returns it, and what it has loaded. Raises
    OSError where it ends before that."""
    ours, theirs = socket.socketpair()
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            ours.close()
            die_with_parent(me)
            load_libraries()
            libraries = warm_libraries()
            collect()
            theirs.sendall(packed({"libraries": libraries}))
            fork_supervisors(theirs, serve, None)
        finally:
            os._exit(0)
    theirs.close()
    inbox = Inbox()
    while data := ours.recv(1 << 16):
        for message in inbox.add(data):
            return Second(ours, pid), message["libraries"]
    raise OSError("the process that loads numpy and sympy ended")


def collect() -> None:
    """Puts the memory in order before the forks, which copy as little of it as possible."""
    gc.collect()
    gc.freeze()
    collapse_heap()


def receive(control: socket.socket, inbox: Inbox) -> list[Message]:
    """Returns the next messages. Ends the process where the caller is gone."""
    while True:
        data = control.recv(1 << 16)
        if not data:
            os._exit(0)
        messages = list(inbox.add(data))
        if messages:
            return messages


def fork_supervisors(control: socket.socket, serve: Serve, second: Second | None) -> None:
    """Forks a supervisor for each socket that comes, until the other side is gone; then ends them. Beside a
    socket are its number and whether it is one with libraries, which the second zygote forks."""
    slots: dict[int, int] = {}
    me = os.getpid()
    others = [control] if second is None else [control, second.orders]
    try:
        while True:
            data, handles, _, _ = socket.recv_fds(control, NEW_SLOT.size, 1)
            if len(data) < NEW_SLOT.size or not handles:
                return
            number, libraries = NEW_SLOT.unpack(data)
            if libraries and second is not None:
                socket.send_fds(second.orders, [data], handles)
            else:
                seat = 2 * number + libraries
                if seat in slots:  # its successor
                    end_processes([slots[seat]])
                slots[seat] = fork_supervisor(others, serve, handles[0], seat)
            os.close(handles[0])
    finally:
        if os.getpid() == me:
            if second is not None:
                second.orders.close()
            end_processes([*slots.values(), *([] if second is None else [second.pid])])


def fork_supervisor(others: list[socket.socket], serve: Serve, handle: int, number: int) -> int:
    """Returns the process number of a new supervisor. others: sockets that are not its own."""
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for other in others:
                other.close()
            die_with_parent(me)
            serve(socket.socket(fileno=handle), number)
            status = 0
        finally:
            os._exit(status)
    return pid


def end_processes(pids: list[int]) -> None:
    """Waits for processes whose sockets are closed, and kills those that do not end."""
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
