"""What a program or a caller may try to get around the interpreter's limits and its end."""

from __future__ import annotations

from numerate.interpreter import Interpreter, InterpreterOptions, Limits
from tests.interpreter.test_local import cells, run


def test_a_session_cannot_evade_the_limit_of_cpu_time() -> None:
    limits = Limits(timeout=30, grace=2, cpu=0.5)
    ignore = "import resource, signal\nx = 1\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    raise_limit = "resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))\n"
    with Interpreter(InterpreterOptions(limits=limits, workers=1, cache=0)) as python:
        spent, after = cells(python, f"{ignore}{raise_limit}while True: pass", "x")
        program = run(python, f"{ignore}while True: pass")
    assert (spent.status, after.stdout, program.status) == ("timeout", "1\n", "timeout")
    assert max(spent.cpu, program.cpu) < 5


def test_a_session_of_a_closed_interpreter_says_so() -> None:
    python = Interpreter(InterpreterOptions(workers=1, cache=0))
    session = python.session()
    python.close()
    assert session.submit("1").result(5).status == "killed"


def test_the_line_of_a_group_of_errors_is_its_last_error() -> None:
    code = "raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [TypeError('last - +')])])"
    with Interpreter(InterpreterOptions(workers=1, cache=0)) as python:
        assert run(python, code).error_line == "TypeError: last - +"
        assert run(python, "raise ValueError('---')").error_line == "ValueError: ---"
