"""The one place where commands write to the terminal, and where what they write is made printable."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import typer

from numerate.terminal import printable_text


def echo(text: str = "", *, err: bool = False, nl: bool = True, color: str | None = None) -> None:
    """Writes to stdout, or stderr. color: on a terminal only."""
    text = printable_text(text)
    stream = sys.stderr if err else sys.stdout
    with naming("stderr" if err else "stdout"):
        typer.echo(typer.style(text, fg=color) if color and stream.isatty() else text, err=err, nl=nl)


@contextmanager
def naming(stream: str) -> Generator[None]:
    """Gives errors of the system the name of the stream, such as that of a full disk behind a redirection."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or stream
        raise


class Stdout(io.TextIOBase):
    """stdout as the file that rows are written to."""

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return getattr(sys.stdout, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        with naming("stdout"):
            return sys.stdout.write(printable_text(text))

    def flush(self) -> None:
        with naming("stdout"):
            sys.stdout.flush()


def guard_output() -> None:
    """Makes later log lines and tracebacks of this process printable, also those of libraries, which quote
    from a model's files."""
    make = logging.getLogRecordFactory()

    def printable_record(*args: Any, **more: Any) -> logging.LogRecord:
        record = make(*args, **more)
        try:
            record.msg, record.args = printable_text(record.getMessage()), None
        except (TypeError, ValueError):  # its arguments do not fit; logging says so when it is written
            return record
        return record

    logging.setLogRecordFactory(printable_record)
    sys.excepthook = show_traceback


def show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    echo("".join(traceback.format_exception(kind, error, trace)), err=True, nl=False)
