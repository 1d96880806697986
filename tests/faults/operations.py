"""Changes of the file system that a process makes: written down, or ended at one of them.

Calls from Python are seen, those of libraries in C and Rust as far as they are one call from here."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("replace", "rename", "fsync", "unlink", "remove", "rmdir", "mkdir", "ftruncate", "pwrite")


@dataclass(frozen=True)
class Moment:
    """Before or after the n-th change, from 1 on."""

    number: int
    after: bool
    signal: int


class Watch:
    """The changes so far, as `name path`; ends the process at a moment."""

    def __init__(self, moment: Moment | None) -> None:
        self.moment = moment
        self.seen: list[str] = []

    def install(self) -> None:
        """Puts a wrapper around every function that changes the file system."""
        for name in NAMES:
            setattr(os, name, self.wrapped(name, getattr(os, name)))
        os.open = self.wrapped("create", os.open, lambda args: len(args) > 1 and bool(args[1] & os.O_CREAT))  # pyright: ignore[reportAttributeAccessIssue]
        opened = self.wrapped(
            "write", io.open, lambda args: len(args) > 1 and any(c in args[1] for c in "wax+")
        )
        builtins.open = io.open = opened  # pyright: ignore[reportAttributeAccessIssue]
        from numerate.training import checkpoint

        checkpoint.save_file = self.wrapped("save", checkpoint.save_file, path_at=1)

    def wrapped(
        self,
        name: str,
        function: Callable[..., Any],
        counts: Callable[[tuple[Any, ...]], bool] = lambda args: True,
        path_at: int = 0,
    ) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if not counts(args):
                return function(*args, **options)
            self.seen.append(f"{name} {args[path_at]}")
            number = len(self.seen)
            self.end_at(number, after=False)
            try:
                return function(*args, **options)
            finally:
                self.end_at(number, after=True)

        return call

    def end_at(self, number: int, *, after: bool) -> None:
        moment = self.moment
        if moment and (moment.number, moment.after) == (number, after):
            os.kill(os.getpid(), moment.signal)


def write_down(path: Path, seen: list[str]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
        file.write("\n".join(seen))
