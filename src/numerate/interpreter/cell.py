"""Execution of a program or of one cell, in its confined process.

The functions here keep a copy of the builtins: a program that deletes or replaces some hurts only itself."""

from __future__ import annotations

import ast
import builtins
import gc
import linecache
import signal
import sys
import traceback
from types import CodeType, FrameType, ModuleType
from typing import TextIO

from numerate.interpreter.pipe import write_pipe

__builtins__ = dict(vars(builtins))  # functions defined below take theirs from here

OK, ERROR, MEMORY, INTERRUPTED = b"o", b"e", b"m", b"i"
FRAMES = 100
"""the last ones of a traceback"""
PREFIXES = ("<program", "<cell")
NAME_OF = type.__dict__["__name__"].__get__
"""whatever a class says of its own name"""


class TimeLimit(KeyboardInterrupt):
    """Raised in a program that runs for too long; shown as a TimeoutError."""


TimeLimit.__name__ = TimeLimit.__qualname__ = "TimeoutError"
TimeLimit.__module__ = "builtins"


class Namespace:
    """Names of a program, as the module __main__, and whether it runs at this moment."""

    def __init__(self, seconds: float) -> None:
        self.module: ModuleType | None = ModuleType("__main__")
        self.module.__dict__["__builtins__"] = builtins
        sys.modules["__main__"] = self.module
        self.running = False
        self.message = f"ran longer than {seconds:g} s"
        self.streams: list[TextIO] = [sys.stdout, sys.stderr]

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Ends what runs, when the supervisor asks for it."""
        if self.running:
            self.running = False
            raise TimeLimit(self.message)

    def execute(self, source: str, filename: str, show: bool) -> tuple[bytes, int]:
        """Returns how the source ended, and its exit code. show: the value of a last expression."""
        try:
            signal.signal(signal.SIGINT, self.interrupt)
            self.restore_streams()
            self.running = True
            self.run(source.removeprefix("\ufeff"), filename, show)
            return OK, 0
        except BaseException as error:
            self.running = False
            return self.end_by(error)
        finally:
            self.running = False

    def run(self, source: str, filename: str, show: bool) -> None:
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        assert self.module
        names = self.module.__dict__
        body, last = compiled(source, filename, show)
        exec(body, names)
        if last is not None:
            value = eval(last, names)
            sys.displayhook(value)

    def end_by(self, error: BaseException) -> tuple[bytes, int]:
        """Writes what an exception says, and returns how the source ended by it, and the exit code."""
        try:
            if isinstance(error, SystemExit):
                return self.exit_code(error)
            if isinstance(error, MemoryError):
                release_spare()
            self.write_error(describe(error))
        except BaseException:  # an exception of the program's own making may fail in any way
            self.write_error(f"{NAME_OF(type(error))}\n")
        if isinstance(error, MemoryError):
            return MEMORY, 1
        return (INTERRUPTED if isinstance(error, TimeLimit) else ERROR), 1

    def exit_code(self, stop: SystemExit) -> tuple[bytes, int]:
        """Returns the end by sys.exit as Python takes it: a text is a message and a failure."""
        code = stop.code
        if code is None:
            return OK, 0
        if isinstance(code, int):
            number = int.__and__(code, 255)  # a subclass may have another
            return (OK, 0) if int.__eq__(code, 0) else (ERROR, number or 1)
        self.write_error(f"{code}\n")
        return ERROR, 1

    def write_error(self, text: str) -> None:
        try:
            self.flush()
            write_pipe(2, text.encode("utf-8", "backslashreplace"))
        except BaseException:
            return

    def restore_streams(self) -> None:
        """Undoes a replacement of the standard streams by an earlier cell, and opens closed ones again."""
        self.streams = [
            stream if is_open(stream) else open_stream(number)
            for number, stream in enumerate(self.streams, start=1)
        ]
        sys.stdout, sys.stderr = self.streams

    def drop_names(self) -> None:
        """Ends the life of the program's objects as Python does at its exit: some print a last line."""
        self.module = None
        sys.modules.pop("__main__", None)
        gc.collect(2 if gc.get_objects(2) else 1)  # a full collection copies many pages

    def flush(self) -> None:
        for stream in (getattr(sys, "stdout", None), getattr(sys, "stderr", None), *self.streams):
            try:
                stream.flush()  # pyright: ignore
            except BaseException:
                continue


def open_stream(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def is_open(stream: TextIO) -> bool:
    """Checks whether a stream can be written to: a program may have closed it or taken its buffer away."""
    try:
        return not stream.closed
    except ValueError:
        return False


def compiled(source: str, filename: str, show: bool) -> tuple[CodeType, CodeType | None]:
    """Returns the code of a program; that of a last expression apart where its value is to be shown."""
    if not show:
        return compile(source, filename, "exec", dont_inherit=True), None
    tree = ast.parse(source, filename)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not has_semicolon(source, tree.body[-1]):
        final = tree.body.pop()
        assert isinstance(final, ast.Expr)
        last = compile(ast.Expression(final.value), filename, "eval", dont_inherit=True)
    return compile(tree, filename, "exec", dont_inherit=True), last


def has_semicolon(source: str, last: ast.stmt) -> bool:
    """Checks whether a semicolon follows the last statement; one within a comment does not count."""
    assert last.end_lineno is not None and last.end_col_offset is not None
    lines = source.encode("utf-8", "surrogatepass").splitlines()
    return lines[last.end_lineno - 1][last.end_col_offset :].lstrip(b" \t)").startswith(b";")


def describe(error: BaseException) -> str:
    """Returns the traceback with the frames of the program only."""
    whole = traceback.TracebackException(type(error), error, error.__traceback__, limit=-FRAMES, compact=True)
    links: list[traceback.TracebackException | None] = [whole]
    while links:
        link = links.pop()
        if link is not None:
            own = [frame for frame in link.stack if frame.filename.startswith(PREFIXES)]
            link.stack[:] = own
            links += [link.__cause__, link.__context__]
    lines = list(whole.format())
    if not whole.stack and lines and lines[0].startswith("Traceback"):
        del lines[0]
    return "".join(lines)


def release_spare() -> None:
    """Gives back the address space that was kept for the message on a MemoryError."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
