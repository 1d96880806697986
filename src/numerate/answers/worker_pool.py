"""Worker processes that stay between calls: each grades a block of rows at a time, one line of JSON each way.

A worker is a fresh interpreter with nothing but the grader in it, in a process group of its own, that ends
with its input. So this works in scripts without a main guard, from threads, and in forked or daemonic
processes such as a data loader's; a forked process lets go of its parent's workers and starts its own.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from multiprocessing.util import Finalize
from pathlib import Path
from threading import RLock
from typing import Any

ENOUGH = 500
"""rows to grade for each worker that is started: 20 to 40 ms of work. A start takes 0.4 ms of this process
and, until the worker is ready, 120 ms of another core."""
POLITE = 10
"""how nice a worker is: on a core that it would share it leaves the time to this process, and to others"""
CODE = "from numerate.answers.parallel import serve_requests; serve_requests()"


class Worker:
    """One process, which reads its next request only when it has answered the last."""

    def __init__(self) -> None:
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0,
            env={**os.environ, "PYTHONPATH": path},
        )
        os.setpriority(os.PRIO_PROCESS, self.process.pid, POLITE)
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout
        self.readable = select.poll()
        self.readable.register(self.output, select.POLLIN)
        self.started = False
        self.owes = True
        """whether an answer is to come that will be discarded; the first means that it has started"""

    def is_free(self) -> bool:
        """Checks whether it waits for a request. Raises OSError or ValueError where the process is gone."""
        if self.has_answered():
            self.receive()
            self.started, self.owes = True, False
        return not self.owes

    def send(self, *request: Any) -> None:
        """Raises OSError or ValueError where the process is gone."""
        data = memoryview(json.dumps(request).encode() + b"\n")
        while data:
            data = data[self.input.write(data) :]

    def has_answered(self) -> bool:
        """Checks whether `receive` has something to read: an answer, or the end."""
        return bool(self.readable.poll(0))

    def receive(self) -> Any:
        """Returns the worker's answer. Raises OSError or ValueError where the process is gone."""
        parts = [self.output.read(1 << 16)]
        while parts[-1] and not parts[-1].endswith(b"\n"):
            parts.append(self.output.read(1 << 16))
        return json.loads(b"".join(parts))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.disown()

    def disown(self) -> None:
        """Releases the process: it is gone, or another process's child."""
        self.process.returncode = self.process.returncode or 0
        self.input.close()
        self.output.close()


class Pool:
    """The workers of this process, by default none. Safe to share between threads."""

    def __init__(self) -> None:
        self.lock = RLock()  # a generator that is collected while it is held drops its workers
        self.alive = set[Worker]()
        self.idle = list[Worker]()
        self.rows = 0
        """that this process graded, or is about to"""
        self.usable = os.name == "posix"

    def take(self, most: int) -> Worker | None:
        """Returns a free worker, if there is one."""
        with self.lock:
            self.grow(most)
            for worker in list(self.idle):
                try:
                    if worker.is_free():
                        self.idle.remove(worker)
                        return worker
                except (OSError, ValueError):
                    self.drop(worker)
                    self.usable = self.usable and worker.started  # the next would not start either
        return None

    def grow(self, most: int, rows: int = 0) -> None:
        """Counts rows, and starts workers, up to `most`, for which there has been work enough."""
        with self.lock:
            self.rows += rows
            while self.usable and len(self.alive) < most and self.rows >= ENOUGH * (len(self.alive) + 1):
                self.start()

    def start(self) -> None:
        try:
            worker = Worker()
        except OSError:
            self.usable = False
            return
        if not self.alive:
            Finalize(None, self.close, exitpriority=0)  # runs in processes of multiprocessing too
        self.alive.add(worker)
        self.idle.append(worker)

    def put_back(self, worker: Worker, owes: bool = False) -> None:
        worker.owes = owes
        with self.lock:
            self.idle.append(worker)

    def drop(self, worker: Worker) -> None:
        with self.lock:
            self.alive.discard(worker)
            if worker in self.idle:
                self.idle.remove(worker)
        worker.close()

    def close(self) -> None:
        self.usable = False
        for worker in list(self.alive):
            self.drop(worker)


_pool = Pool()


def current_pool() -> Pool:
    """Returns the pool of this process."""
    return _pool


def _begin_anew() -> None:
    """Creates a pool for a forked process: threads that are not in it may hold the lock of the other."""
    global _pool
    for worker in _pool.alive:
        worker.disown()
    _pool = Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
