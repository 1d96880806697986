"""Plain tables: aligned columns, no boxes. Cut to the width of a terminal; whole in a pipe or a file."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from numerate.cli import terminal
from numerate.terminal import printable

GAP = "  "
NARROWEST = 8
"""characters that a column keeps when the terminal is narrow"""


def show(
    rows: Sequence[Sequence[object]],
    header: Sequence[str],
    left: Sequence[str] = (),
    *,
    to_stderr: bool = False,
) -> None:
    """Print a table; the columns named in `left` (and the first) align left, the others right."""
    stream = sys.stderr if to_stderr else sys.stdout
    width = columns() if stream.isatty() else None
    terminal.echo("\n".join(lay_out(rows, header, left, width)), err=to_stderr)


def lay_out(
    rows: Sequence[Sequence[object]],
    header: Sequence[str],
    left: Sequence[str] = (),
    width: int | None = None,
) -> list[str]:
    """The lines of a table. Where it is too wide, wide columns are cut, and a last one of text is wrapped."""
    cells = [[cell(value) for value in row] for row in [header, *rows]]
    widths = shrink([max(map(len, column)) for column in zip(*cells, strict=True)], width)
    to_left = [i == 0 or name in left for i, name in enumerate(header)]
    lines: list[str] = []
    for row in cells:
        first, *more = (wrap(row[-1], widths[-1]) if to_left[-1] else []) or [row[-1]]
        lines.append(GAP.join(map(fit, [*row[:-1], first], widths, to_left)).rstrip())
        lines += [" " * (sum(widths[:-1]) + len(GAP) * (len(row) - 1)) + rest for rest in more]
    return [lines[0], GAP.join("-" * w for w in widths), *lines[1:]]


def cell(value: object) -> str:
    """On one line, and as wide as it will be shown."""
    return "" if value is None else printable(str(value)).replace("\n", " ")


def columns() -> int:
    """The width of the terminal; of pipes and files $COLUMNS, by default 80."""
    return shutil.get_terminal_size().columns


def width_of(rows: Sequence[Sequence[str]], header: Sequence[str]) -> int:
    """Characters that the whole table takes."""
    widths = [max(map(len, column)) for column in zip(*[header, *rows], strict=True)]
    return sum(widths) + len(GAP) * (len(widths) - 1)


def show_in_blocks(
    rows: Sequence[Sequence[str]],
    header: Sequence[str],
    left: Sequence[str] = (),
    *,
    to_stderr: bool = False,
) -> None:
    """Print a table that may be too wide: as many columns beside the first as fit, then the next ones."""
    begun = 1
    while begun < len(header):
        end = begun + 1
        while end < len(header) and width_of(*_cut(rows, header, begun, end + 1)) <= columns():
            end += 1
        if begun > 1:
            terminal.echo("", err=to_stderr)
        show(*_cut(rows, header, begun, end), left, to_stderr=to_stderr)
        begun = end


def _cut(
    rows: Sequence[Sequence[str]], header: Sequence[str], begin: int, end: int
) -> tuple[list[list[str]], list[str]]:
    """The first column and those in [begin, end)."""
    return [[row[0], *row[begin:end]] for row in rows], [header[0], *header[begin:end]]


def shrink(widths: list[int], width: int | None) -> list[int]:
    """Take from the widest column until the table fits."""
    widths = list(widths)
    while (
        width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width and max(widths) > NARROWEST
    ):
        widths[widths.index(max(widths))] -= 1
    return widths


def fit(text: str, width: int, to_left: bool) -> str:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return text.ljust(width) if to_left else text.rjust(width)


def pairs(rows: Sequence[tuple[str, str]], *, to_stderr: bool = False) -> None:
    """Print `name  value` lines; a long value goes on under itself."""
    widest = max(len(name) for name, _ in rows)
    stream = sys.stderr if to_stderr else sys.stdout
    room = (columns() if stream.isatty() else 80) - widest - len(GAP)
    for name, value in rows:
        lines = wrap(printable(value), max(room, 3 * NARROWEST)) or [""]
        indent = "\n" + " " * widest + GAP
        terminal.echo(f"{name.ljust(widest)}{GAP}{indent.join(lines)}".rstrip(), err=to_stderr)


def save_json(path: Path | None, value: Any) -> None:
    """What the table shows, as JSON, where --json asked for it; `-` is stdout."""
    if path is None:
        return
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if str(path) == "-":
        terminal.echo(text, nl=False)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
