# pyright: strict
"""Interpreter of this machine: programs in confined processes, behind one supervising thread."""

from __future__ import annotations

import atexit
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock, Thread

from numerate.interpreter.cache import ResultCache, program_key
from numerate.interpreter.dispatch import Dispatcher
from numerate.interpreter.jobs import LocalSession, Work
from numerate.interpreter.launch import Zygote
from numerate.interpreter.layers import NOWHERE, Isolation, IsolationLayer
from numerate.interpreter.options import InterpreterOptions, Limits
from numerate.interpreter.results import Execution

MIB = 1 << 20


def isolation() -> Isolation:
    """Returns the layers that hold on this machine; each is tried by an act that it forbids."""
    if not hasattr(os, "fork"):
        return NOWHERE
    try:
        zygote = Zygote(Limits(), 1, unconfined=False, only_probe=True)
    except OSError as error:
        return Isolation((IsolationLayer("processes", False, str(error)),), confined=False)
    zygote.close()
    return zygote.isolation


class Interpreter:
    """Executes programs in confined processes. A context manager; thousands of sessions may be open."""

    def __init__(self, options: InterpreterOptions | None = None, *, without: Sequence[str] = ()) -> None:
        """Starts the processes. without: layers that are left out, for tests. Raises ValueError where the
        machine cannot confine programs and the options do not allow that, OSError where nothing starts."""
        self.options = options or InterpreterOptions()
        if not hasattr(os, "fork"):
            raise ValueError(
                f"programs cannot run on {sys.platform}: use a server (interpreter.kind=sandbox_fusion)"
            )
        self.cache = ResultCache(self.options.cache * MIB)
        self.dispatcher = Dispatcher(self.options, self.cache, without)
        self.isolation = self.dispatcher.links.zygote.isolation
        self._lock, self._sessions, self._closed = Lock(), 0, False
        self._thread = Thread(target=self.dispatcher.work, name="numerate-interpreter", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def counts(self) -> Counter[str]:
        """Returns the number of executions by status, and of `cached`, `retried` and `restarted` ones."""
        return Counter(self.dispatcher.counts)

    def submit(self, code: str) -> Future[Execution]:
        """Executes a whole program."""
        future: Future[Execution] = Future()
        self._check_open()
        self.dispatcher.post(Work(code, future, key=program_key(code) if self.options.cache else None))
        return future

    def session(self) -> LocalSession:
        """Returns a new session; its process starts with the first cell."""
        self._check_open()
        with self._lock:
            self._sessions += 1
            number = self._sessions
        return LocalSession(number, self.dispatcher.post)

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("this interpreter is closed")

    def close(self) -> None:
        """Ends everything that runs; its results are `killed`."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self.dispatcher.stop()
        self._thread.join()

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
