"""Checked inputs of the benchmarks' command lines. A wrong one ends the command at once, with one line about
it: not after the first round, nor with the traceback of a child process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer


def counts(option: str, text: str, multiple_of: int = 1) -> list[int]:
    """Returns the numbers of a list such as 8,32, each at least 1. Raises typer.BadParameter."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdecimal()) or int(part) < 1 or int(part) % multiple_of:
            needed = f"multiples of {multiple_of}" if multiple_of > 1 else "whole numbers from 1"
            raise typer.BadParameter(f"{part!r}: expected {needed}, separated by commas", param_hint=option)
    return [int(part) for part in parts]


def choices(option: str, text: str, known: Iterable[str]) -> list[str]:
    """Returns the names of a list such as 1m,5m, each one of those known. Raises typer.BadParameter."""
    names = [name.strip() for name in text.split(",")]
    known = list(known)
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name!r}: choose from {', '.join(known)}", param_hint=option)
    return names


@contextmanager
def callers_mistakes() -> Iterator[None]:
    """Reports what a path or a name was wrong about, without a traceback."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error


def check_model(folder: Path) -> None:
    """Raises typer.BadParameter where a folder is no model in Hugging Face layout."""
    from numerate.models import locate

    if not folder.is_dir():
        raise typer.BadParameter(f"no folder {folder}: name the directory of a model")
    with callers_mistakes():
        locate.check_loadable(str(folder.resolve()))


def read_questions(file: Path, count: int) -> list[str]:
    """Returns the first questions of JSON Lines. Raises typer.BadParameter where there are not so many."""
    with callers_mistakes():
        lines = file.read_text(encoding="utf-8").splitlines()[:count]
    questions = [_question(file, number, line) for number, line in enumerate(lines, start=1)]
    if len(questions) < count:
        raise typer.BadParameter(f"{file}: {count} questions are needed, it has {len(questions)}")
    return questions


def _question(file: Path, number: int, line: str) -> str:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise typer.BadParameter(f"{file}, line {number}: no JSON ({error})") from error
    question: Any = row.get("question") if isinstance(row, dict) else None
    if not isinstance(question, str):
        raise typer.BadParameter(f"{file}, line {number}: expected an object with a text in `question`")
    return question


def check_parent(file: Path | None) -> Path | None:
    """Raises typer.BadParameter where results could not be written, before they are measured."""
    if file is not None and (file.is_dir() or not file.resolve().parent.is_dir()):
        fault = "it is a folder" if file.is_dir() else "its folder does not exist"
        raise typer.BadParameter(f"cannot write {file}: {fault}")
    return file


def check_peer(python: str) -> str:
    """Raises typer.BadParameter where the Python of another environment cannot be started."""
    if python and not shutil.which(python):
        raise typer.BadParameter(f"no program {python}: name the Python of an environment")
    return python


JsonFile = Annotated[
    Path | None, typer.Option("--json", callback=check_parent, help="a file for the results")
]
Rounds = Annotated[int, typer.Option(min=1, help="of which the medians are printed")]
