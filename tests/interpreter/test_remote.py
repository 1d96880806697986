"""The executor on a server, against a stub that speaks SandboxFusion's interface."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from numerate.interpreter import InterpreterOptions, Limits, SandboxFusion
from numerate.interpreter import remote as module

Body = dict[str, Any]
Behave = Callable[[str, Body, int], tuple[int, Body]]


class Stub:
    """A server: `behave` receives path, body and the number of the request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Body]] = []
        self.login: str | None = None
        self.behave: Behave = lambda path, body, number: (200, answer(path, body))
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.requests.append((self.path, body))
                stub.login = self.headers["Authorization"]
                code, reply = stub.behave(self.path, body, len(stub.requests))
                text = json.dumps(reply).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def answer(path: str, body: Body) -> Body:
    """Executes harmless code as the server would."""
    if path == "/run_code":
        return program(body["code"])
    names: dict[str, Any] = {}
    cells = []
    for cell in body["cells"]:
        out, error = io.StringIO(), []
        try:
            with contextlib.redirect_stdout(out):
                exec(cell, names)
        except Exception as raised:
            error = [{"ename": type(raised).__name__, "evalue": str(raised), "traceback": []}]
        display = [{"data": {"text/plain": "'shown'"}}] if cell.endswith("# show") else []
        cells.append({"stdout": out.getvalue(), "stderr": "", "display": display, "error": error})
    return {"status": "Success", "message": "", "driver": {"status": "Finished"}, "cells": cells}


def program(code: str) -> Body:
    out = io.StringIO()
    run: Body = {"status": "Finished", "execution_time": 0.1, "return_code": 0, "stderr": ""}
    try:
        with contextlib.redirect_stdout(out):
            exec(code, {})
    except Exception as raised:
        run |= {"return_code": 1, "stderr": f"Traceback ...\n{type(raised).__name__}: {raised}\n"}
    if code == "forever":
        run |= {"status": "TimeLimitExceeded", "return_code": None, "stdout": None, "stderr": None}
    run["stdout"] = out.getvalue()
    status = "Success" if run["return_code"] == 0 else "Failed"
    return {"status": status, "message": "", "compile_result": None, "run_result": run, "files": {}}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    stub = Stub()
    yield stub
    stub.server.shutdown()
    stub.server.server_close()


def client(stub: Stub, **options: Any) -> SandboxFusion:
    limits = Limits(timeout=0.5, output=1000)
    made = InterpreterOptions(kind="sandbox_fusion", url=stub.url, limits=limits, **options).make()
    assert isinstance(made, SandboxFusion)
    return made


def test_programs(stub: Stub) -> None:
    with client(stub) as python:
        results = [
            python.submit(code).result(20) for code in ("print(7)", "1 / 0", "forever", "raise MemoryError")
        ]
        assert [done.status for done in results] == ["ok", "error", "timeout", "memory"]
        assert results[0].stdout == "7\n" and results[0].wall == 0.1
        assert results[1].error_line == "ZeroDivisionError: division by zero"
        assert results[2].error_line == "TimeoutError: ran longer than 0.5 s"
        body = stub.requests[0][1]
        assert (body["language"], body["run_timeout"], body["memory_limit_MB"]) == ("python", 0.5, 1024)


def test_a_login_comes_from_the_environment(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    with client(stub) as python:
        assert python.submit("print(1)").result(20).status == "ok" and stub.login is None
    monkeypatch.setenv("NUMERATE_INTERPRETER_LOGIN", "me:a:secret")
    with client(stub) as python:
        assert python.submit("print(2)").result(20).status == "ok"
    assert stub.login == "Basic " + base64.b64encode(b"me:a:secret").decode()


def test_a_long_output_is_cut(stub: Stub) -> None:
    with client(stub) as python:
        done = python.submit("print('a' * 5000)").result(20)
        assert done.truncated and len(done.stdout) < 1100 and "left out" in done.stdout


def test_a_result_is_kept(stub: Stub) -> None:
    with client(stub) as python:
        assert python.submit("print(7)").result(20) == python.submit("print(7)").result(20)
        assert len(stub.requests) == 1 and python.counts["cached"] == 1


def test_a_session_sends_its_cells_again(stub: Stub) -> None:
    with client(stub, cache=0) as python:
        session = python.session()
        futures = [session.submit(cell) for cell in ("x = 2\nprint('a')", "1 / 0", "print(x)", "x # show")]
        results = [future.result(20) for future in futures]
        assert [done.status for done in results] == ["ok", "error", "ok", "ok"]
        assert [done.stdout for done in results] == ["a\n", "", "2\n", "'shown'\n"]
        assert results[1].error_line == "ZeroDivisionError: division by zero"
        assert [len(body["cells"]) for _, body in stub.requests] == [1, 2, 3, 4]


def test_cells_that_do_not_repeat_are_a_lost_session(stub: Stub) -> None:
    with client(stub, cache=0) as python:
        session = python.session()
        assert session.submit("import time\nprint(time.time_ns())").result(20).status == "ok"
        lost = session.submit("print(1)").result(20)
        assert lost.status == "crash" and lost.session_lost
        assert session.submit("print('time' in globals())").result(20).stdout == "False\n"


def test_a_session_without_an_answer_for_its_cell_timed_out(stub: Stub) -> None:
    stub.behave = lambda *_: (
        200,
        {"status": "Failed", "driver": {"status": "TimeLimitExceeded"}, "cells": []},
    )
    with client(stub) as python:
        done = python.session().submit("while True: pass").result(20)
        assert done.status == "timeout" and done.session_lost


def test_failures_are_tried_again_and_counted(stub: Stub) -> None:
    def behave(path: str, body: Body, number: int) -> tuple[int, Body]:
        bad = {1: (500, {"detail": "x"}), 2: (200, {"status": "SandboxError", "message": "stdin"})}
        return bad.get(number) or (200, answer(path, body))

    stub.behave = behave
    with client(stub) as python:
        assert python.submit("print(1)").result(20).stdout == "1\n" and python.counts["retried"] == 2


@pytest.mark.parametrize("code", [503, 404])
def test_a_server_that_fails_is_a_result(stub: Stub, code: int) -> None:
    stub.behave = lambda *_: (code, {"detail": "no"})
    with client(stub, retries=1) as python:
        done = python.submit("print(1)").result(20)
        assert done.status == "crash" and str(code) in done.error_line
        assert len(stub.requests) == (2 if code == 503 else 1)
        assert python.session().submit("1").result(20).status == "crash"


def test_a_server_that_does_not_answer_in_time(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLACK", 0.2)
    stub.behave = lambda *_: (time.sleep(1.5), (200, {}))[1]
    with client(stub, retries=0) as python:
        assert "Timeout" in python.submit("print(1)").result(20).error_line


def test_a_url_is_needed() -> None:
    with pytest.raises(ValueError, match=r"interpreter\.url"):
        InterpreterOptions(kind="sandbox_fusion").make()


@pytest.mark.parametrize(
    "run",
    ["x", [1], {"stdout": "a", "execution_time": "abc"}, {"return_code": 0, "stdout": 5, "stderr": {"a": 1}}],
)
def test_an_answer_of_another_form_is_a_result_and_no_exception(stub: Stub, run: Any) -> None:
    stub.behave = lambda path, body, number: (200, {"status": "Success", "run_result": run})
    with client(stub, retries=0) as python:
        assert python.submit("1").result(20).status in ("crash", "error")


def test_a_half_of_a_character_in_an_answer_can_be_encoded(stub: Stub) -> None:
    run = {"status": "Finished", "return_code": 0, "stdout": "a\ud83d", "stderr": "\udc00"}
    cell = {"stdout": "b\ud83d", "display": [{"data": {"text/plain": "\udc00"}}]}
    stub.behave = lambda path, body, number: (200, {"status": "Success", "run_result": run, "cells": [cell]})
    with client(stub) as python:
        for done in (python.submit("1").result(20), python.session().submit("1").result(20)):
            assert done.status == "ok" and (done.stdout + done.stderr).encode()


def test_a_long_output_from_the_cache_does_not_end_a_session(stub: Stub) -> None:
    with client(stub) as python:
        for cell in ("print(1)", "print(2)"):
            session = python.session()
            assert session.submit("print('x' * 5000)").result(20).truncated
            assert session.submit(cell).result(20).status == "ok"
        assert python.counts["cached"] == 1


def test_a_closed_executor_says_so(stub: Stub) -> None:
    python = client(stub)
    session = python.session()
    python.close()
    with pytest.raises(ValueError, match="closed"):
        python.submit("1")
    assert session.submit("1").result(5).status == "killed"
