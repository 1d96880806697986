# pyright: strict
"""Executor on a server that speaks SandboxFusion's HTTP interface.

A program is one `POST /run_code`. The server keeps no state, so a session sends all its cells again with
each new one (`POST /run_jupyter`), and the earlier cells have to do the same again. Requests that failed are
repeated and counted; results of programs are never a reason to."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, cast

from numerate.interpreter.cache import EMPTY, ResultCache, next_state, program_key
from numerate.interpreter.options import LOGIN, InterpreterOptions
from numerate.interpreter.results import Execution

CONNECTIONS = 32
FIRST_PAUSE, LONGEST_PAUSE, SLACK = 0.5, 10.0, 10.0
"""seconds; the last is what a request may take beyond the program's own time"""
BUSY = (408, 425, 429)
MIB = 1 << 20
Reply = dict[str, Any]


class Unreachable(Exception):
    """No usable answer came, after all tries."""


class SandboxFusion:
    """Executes programs on a server. At most `workers` requests are under way."""

    def __init__(self, options: InterpreterOptions) -> None:
        """Raises ValueError where the options lack the url or the package for HTTP is missing."""
        if not options.url:
            raise ValueError("interpreter.kind=sandbox_fusion needs interpreter.url, the server's address")
        try:
            import httpx2
        except ImportError as error:
            raise ValueError("a server needs httpx2: pip install 'numerate[train]'") from error
        self.options, self.limits, self.counts = options, options.limits, Counter[str]()
        self.cache = ResultCache(options.cache * MIB)
        workers = options.workers or CONNECTIONS
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="numerate-sandbox")
        self._lock = Lock()
        user, _, password = os.environ.get(LOGIN, "").partition(":")
        self._http = httpx2.Client(
            auth=(user, password) if user else None,
            base_url=options.url.rstrip("/"),
            timeout=httpx2.Timeout(self.limits.timeout + SLACK, connect=SLACK, pool=None),
            limits=httpx2.Limits(max_connections=workers, max_keepalive_connections=workers),
        )
        self._failures: tuple[type[Exception], ...] = (httpx2.RequestError, ValueError)

    def submit(self, code: str) -> Future[Execution]:
        """Executes a whole program. Raises ValueError after `close`."""
        try:
            return self._pool.submit(self.run_program, code)
        except RuntimeError as error:
            raise ValueError("this executor is closed") from error

    def session(self) -> RemoteSession:
        """Returns a new session."""
        return RemoteSession(self)

    def close(self) -> None:
        """Waits for requests under way, and closes the connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def __enter__(self) -> SandboxFusion:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, work: Callable[[], None]) -> bool:
        """Runs work of a session in the pool; False after `close`."""
        try:
            self._pool.submit(work)
        except RuntimeError:
            return False
        return True

    def run_program(self, code: str) -> Execution:
        key = program_key(code) if self.options.cache else None
        cached = self.cache.get(key)
        if cached is not None:
            self.count("cached")
            return cached
        body = {
            "code": code,
            "language": "python",
            "run_timeout": self.limits.timeout,
            "memory_limit_MB": self.limits.memory,
        }
        result = self.attempt("/run_code", body, self.read_program)
        self.cache.put(key, result)
        self.count(result.status)
        return result

    def run_cells(self, cells: list[str]) -> tuple[list[Reply], str]:
        """Returns what the server says of each cell, and of the whole."""
        total = self.limits.timeout * len(cells) + SLACK
        body = {
            "cells": cells,
            "kernel": "python3",
            "cell_timeout": self.limits.timeout,
            "total_timeout": total,
        }
        reply = self.post("/run_jupyter", body, total + SLACK)
        driver = cast(Reply, reply.get("driver") or {})
        return list(reply.get("cells") or []), str(driver.get("status") or reply["status"])

    def attempt(self, path: str, body: Reply, read: Callable[[Reply], Execution]) -> Execution:
        """Posts a request and reads its answer; a server out of reach, or one that answers something else, is
        a crash, not an exception."""
        began = time.monotonic()
        try:
            return read(self.post(path, body, self.limits.timeout + SLACK))
        except Unreachable as error:
            return Execution("crash", stderr=f"ServerError: {error}\n", wall=time.monotonic() - began)
        except Exception as error:  # an executor never raises
            line = f"ServerError: {type(error).__name__}: {error}\n"
            return Execution("crash", stderr=line, wall=time.monotonic() - began)

    def post(self, path: str, body: Reply, timeout: float) -> Reply:
        """Returns the answer, after as many tries as the options allow. Raises Unreachable."""
        reason = ""
        for number in range(self.options.retries + 1):
            if number:
                self.count("retried")
                time.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1)))
            try:
                return self._post_once(path, body, timeout)
            except self._failures as error:
                reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        self.count("unreachable")
        raise Unreachable(f"no result after {self.options.retries + 1} tries: {reason}")

    def _post_once(self, path: str, body: Reply, timeout: float) -> Reply:
        """Returns the answer of one request. Raises Unreachable where it was refused for good."""
        answer = self._http.post(path, json=body, timeout=timeout)
        code = answer.status_code
        if 400 <= code < 500 and code not in BUSY:
            raise Unreachable(f"the server refused ({code}): {answer.text[:300]}")
        if code >= 300:
            raise ValueError(f"it answered {code}: {answer.text[:300]}")
        reply: Any = answer.json()
        if not isinstance(reply, dict) or "status" not in reply or reply["status"] == "SandboxError":
            raise ValueError(f"it answered {answer.text[:300]}")
        return cast(Reply, reply)

    def read_program(self, reply: Reply) -> Execution:
        """Returns the execution of a reply of /run_code."""
        run = cast(Reply, reply.get("run_result") or {})
        out, cut = self.cut(run.get("stdout"))
        error, error_cut = self.cut(run.get("stderr"))
        wall = float(run.get("execution_time") or 0.0)
        if run.get("status") == "TimeLimitExceeded":
            status, line = "timeout", f"TimeoutError: ran longer than {self.limits.timeout:g} s\n"
        elif run.get("status") == "Finished" and run.get("return_code") == 0:
            status, line = "ok", ""
        else:
            status, line = ("memory" if "MemoryError" in error.rstrip().rpartition("\n")[2] else "error"), ""
            if not error.strip():
                line = f"SystemExit: {run.get('return_code')}\n"
        return Execution(status, out, error + line, cut or error_cut, wall)

    def cut(self, output: object) -> tuple[str, bool]:
        """Returns the first and the last part of an output, and whether a part between them is left out. JSON
        can carry halves of characters, which no tokenizer takes."""
        text = str(output or "").encode("utf-8", "replace").decode()
        half = max(1, self.limits.output // 2)
        if len(text) <= 2 * half:
            return text, False
        return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}", True

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


class RemoteSession:
    """Session on a server: the cells so far, which each new one brings along."""

    def __init__(self, server: SandboxFusion) -> None:
        self.server = server
        self._lock = Lock()
        self._queue: list[tuple[str, Future[Execution]]] = []
        self._cells: list[str] = []
        self._outputs: list[str] = []
        self._state = EMPTY
        self._busy = self._closed = False

    def submit(self, cell: str) -> Future[Execution]:
        """Executes a cell after those before it."""
        future: Future[Execution] = Future()
        with self._lock:
            self._queue.append((cell, future))
            idle, self._busy = not self._busy, True
        if idle and not self.server.start(self._work):
            self.close()
            self._work()
        return future

    def close(self) -> None:
        """Forgets the cells; those that wait are `killed`."""
        with self._lock:
            self._closed = True

    def _work(self) -> None:
        """Executes cells until none waits."""
        while True:
            with self._lock:
                if not self._queue:
                    self._busy = False
                    return
                cell, future = self._queue.pop(0)
            if not future.set_running_or_notify_cancel():
                continue
            if self._closed:
                future.set_result(Execution("killed", stderr="Killed: the session was closed\n"))
                continue
            try:
                result = self._run(cell)
            except Exception as error:  # an executor never raises
                result = Execution("crash", stderr=f"ServerError: {type(error).__name__}: {error}\n")
            self.server.count(result.status)
            future.set_result(result)

    def _run(self, cell: str) -> Execution:
        key = next_state(self._state, cell)
        cached = self.server.cache.get(key if self.server.options.cache else None)
        if cached is not None:
            self.server.count("cached")
            self._keep(cell, key, cached)
            return cached
        began = time.monotonic()
        try:
            cells, whole = self.server.run_cells([*self._cells, cell])
        except Unreachable as error:  # nothing ran: the cells so far are still valid
            return Execution("crash", stderr=f"ServerError: {error}\n")
        number = len(self._cells)
        wall = time.monotonic() - began
        if len(cells) <= number:
            self._forget()
            line = f"TimeoutError: ran longer than {self.server.limits.timeout:g} s\n"
            status = "timeout" if whole == "TimeLimitExceeded" else "crash"
            text = line if status == "timeout" else f"ServerError: {whole}\n"
            return Execution(status, stderr=text, wall=wall, session_lost=True)
        if [self.server.cut(printed(each))[0] for each in cells[:number]] != self._outputs:
            self._forget()
            line = "SessionLost: earlier cells printed something else when run again\n"
            return Execution("crash", stderr=line, wall=wall, session_lost=True)
        result = self._read(cells[number], wall)
        if result.session_lost:
            self._forget()
        else:
            self._keep(cell, key, result)
            self.server.cache.put(key if self.server.options.cache else None, result)
        return result

    def _read(self, reply: Reply, wall: float) -> Execution:
        out, cut = self.server.cut(printed(reply))
        error, error_cut = self.server.cut(reply.get("stderr"))
        raised = cast(list[Reply], reply.get("error") or [])
        if not raised:
            return Execution("ok", out, error, cut or error_cut, wall)
        name, value = str(raised[0].get("ename")), str(raised[0].get("evalue"))
        status = {"MemoryError": "memory", "KeyboardInterrupt": "timeout", "TimeoutError": "timeout"}
        end = cast(Any, "ok" if (name, value) == ("SystemExit", "0") else status.get(name, "error"))
        line = "" if end == "ok" else f"{name}: {value}\n" if value else f"{name}\n"
        return Execution(end, out, error + line, cut or error_cut, wall)

    def _keep(self, cell: str, key: bytes, result: Execution) -> None:
        self._cells.append(cell)
        self._outputs.append(result.stdout)
        self._state = key

    def _forget(self) -> None:
        self._cells.clear()
        self._outputs.clear()
        self._state = EMPTY


def printed(reply: Reply) -> str:
    """Returns standard output and the value of the last expression of a cell."""
    text = str(reply.get("stdout") or "")
    for item in cast(list[Reply], reply.get("display") or []):
        data = cast(Reply, item.get("data") or item)
        value = data.get("text/plain")
        if value is not None:
            lines = cast(list[str], value) if isinstance(value, list) else [str(value)]
            text += f"{''.join(lines)}\n"
    return text
