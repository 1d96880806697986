"""Life of a confined child: it confines itself, executes a program or cells, and reports.

Reports are written to a pipe: F and a reason when the confinement failed, S when it holds, then how the
program or each cell ended. A program can write there too, about itself; the supervisor believes none of it
that matters to others."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import os
import random
import struct
import sys
import threading
from typing import NoReturn

from numerate.interpreter.cell import INTERRUPTED, Namespace, TimeLimit
from numerate.interpreter.confine import CELLS, REPORT, Confinement, confine
from numerate.interpreter.libraries import load_libraries, needs_libraries
from numerate.interpreter.pipe import write_pipe

__builtins__ = dict(vars(builtins))  # see cell.py

FAILED, READY = b"F", b"S"
DONE = struct.Struct("=Ic")
"""number of the cell, and how it ended"""
HEAD = struct.Struct("=II")
"""number of a cell, and its size in bytes"""
EXIT_SETUP = 70


def live(own: Confinement, streams: tuple[int, int, int, int], code: str) -> NoReturn:
    """Executes the program, or cells until the pipe ends, and ends the process."""
    status = EXIT_SETUP
    try:
        prepare(own, streams)
        namespace = Namespace(own.bounds.timeout)
        if own.persistent:
            serve(namespace)
        status = once(namespace, code)
    finally:
        os._exit(status)


def prepare(own: Confinement, streams: tuple[int, int, int, int]) -> None:
    """Confines the process, and reports it or the reason of a failure."""
    try:
        confine(own, streams)
    except BaseException as error:
        write_pipe(streams[2], FAILED + str(error).encode("utf-8", "replace")[:400])
        os._exit(EXIT_SETUP)
    write_pipe(REPORT, READY)
    random.seed(0)  # a fork seeds it from the clock
    gc.freeze()
    gc.enable()
    sys.argv = [""]


def once(namespace: Namespace, code: str) -> int:
    """Executes a whole program as Python does, with its threads, exit functions and last objects; returns its
    exit code."""
    atexit._clear()  # pyright: ignore
    try:
        end, status = namespace.execute(code, "<program>", show=False)
    except TimeLimit:  # the interrupt came between the end of the program and its note
        end, status = INTERRUPTED, 1
    with contextlib.suppress(OSError):  # the program may have closed the pipe
        write_pipe(REPORT, end)
    end_program(namespace)
    return status


def end_program(namespace: Namespace) -> None:
    """Lets threads, exit functions and the last objects of a program have their say."""
    try:
        namespace.running = True
        if threading.active_count() > 1:
            threading._shutdown()  # pyright: ignore
        atexit._run_exitfuncs()  # pyright: ignore
        namespace.drop_names()
    except BaseException:
        return
    finally:
        namespace.running = False
        namespace.flush()


def serve(namespace: Namespace) -> NoReturn:
    """Executes cells, and reports the end of each."""
    while True:
        number, size = HEAD.unpack(receive(HEAD.size))
        source = receive(size).decode("utf-8", "surrogatepass")
        if needs_libraries(source):
            with contextlib.suppress(BaseException):  # a cell before may have left anything
                load_libraries()
        try:
            end, _ = namespace.execute(source, f"<cell {number}>", show=True)
        except TimeLimit:  # the interrupt came between the end of the cell and its note
            end = INTERRUPTED
        namespace.flush()
        write_pipe(REPORT, DONE.pack(number, end))


def receive(size: int) -> bytes:
    """Returns that many bytes of the pipe. Ends the process where it is closed."""
    parts: list[bytes] = []
    while size > 0:
        part = os.read(CELLS, size)
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
