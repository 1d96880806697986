"""The one place where commands write to the terminal, and where what they write is made printable."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from types import TracebackType

import typer

from numerate.terminal import printable


def echo(text: str = "", *, err: bool = False, nl: bool = True, color: str | None = None) -> None:
    """Writes to stdout, or stderr. color: on a terminal only."""
    text = printable(text)
    stream = sys.stderr if err else sys.stdout
    typer.echo(typer.style(text, fg=color) if color and stream.isatty() else text, err=err, nl=nl)


class Stdout(io.TextIOBase):
    """stdout as the file that rows are written to."""

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return getattr(sys.stdout, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        return sys.stdout.write(printable(text))

    def flush(self) -> None:
        sys.stdout.flush()


class Handler(logging.Handler):
    """Warnings of this package, such as what a server answered."""

    def emit(self, record: logging.LogRecord) -> None:
        echo(self.format(record), err=True)


def guard() -> None:
    """From here on warnings and tracebacks of this process are printable too."""
    log = logging.getLogger("numerate")
    if not any(isinstance(handler, Handler) for handler in log.handlers):
        log.addHandler(Handler())
    sys.excepthook = show_traceback


def show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    echo("".join(traceback.format_exception(kind, error, trace)), err=True, nl=False)
