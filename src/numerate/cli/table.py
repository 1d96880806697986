"""Plain tables: aligned columns, no boxes, no colours. On a narrow terminal text wraps and columns
move below each other; nothing is cut off. Whole in a pipe or a file."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TextIO

from numerate.cli import terminal
from numerate.terminal import printable_text

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
"""blanks between columns"""
NARROWEST = 8
"""characters that a heading keeps before it wraps"""
TEXT = 16
"""characters that a column of text keeps before columns move below each other"""


def print_table(
    rows: Sequence[Sequence[object]],
    header: Sequence[str],
    left: Sequence[str] = (),
    *,
    keys: int = 1,
    to_stderr: bool = False,
) -> None:
    """Prints a table; the columns named in `left` (and the first) align left, the others right."""
    terminal.echo("\n".join(lay_out(rows, header, left, line_width(to_stderr), keys)), err=to_stderr)


def print_title(text: str, *, to_stderr: bool = False) -> None:
    """Prints an empty line and the name of the table below; a long one wraps."""
    terminal.echo("\n" + "\n".join(wrap(text, line_width(to_stderr) or sys.maxsize)), err=to_stderr)


def paragraph(text: str, *, indent: str = "", to_stderr: bool = False) -> None:
    """Prints words, wrapped at the width of the terminal, at 78 characters elsewhere."""
    width = min(line_width(to_stderr) or 78, 78)
    terminal.echo(
        "\n".join(wrap(text, width, initial_indent=indent, subsequent_indent=indent)), err=to_stderr
    )


def print_pairs(rows: Sequence[tuple[str, str]], *, to_stderr: bool = False) -> None:
    """Prints `name  value` lines; a long value continues under itself."""
    cells = [[cell_text(value) for value in row] for row in rows]
    widest = max(text_width(name) for name, _ in cells)
    stream = sys.stderr if to_stderr else sys.stdout
    rest = (shutil.get_terminal_size().columns if stream.isatty() else 80) - widest - GAP
    lines = render_cells(cells, [widest, max(rest, 3 * NARROWEST)], [True, True])
    terminal.echo("\n".join(lines), err=to_stderr)


def save_json(path: Path | None, value: Any) -> None:
    """Writes the rows of a table as JSON, with --json; `-` is stdout."""
    if path is None:
        return
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if str(path) == "-":
        terminal.echo(text, nl=False)
    else:
        from numerate.store import write_text

        write_text(path, text)


def line_width(to_stderr: bool = False) -> int | None:
    """Returns the characters of a line: of the terminal, else $COLUMNS, else None for as many as it takes."""
    stream: TextIO = sys.stderr if to_stderr else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() or os.environ.get("COLUMNS") else None


def lay_out(
    rows: Sequence[Sequence[object]],
    header: Sequence[str],
    left: Sequence[str] = (),
    width: int | None = None,
    keys: int = 1,
) -> list[str]:
    """Returns the lines of a table.

    Where it is too wide, text wraps within its column; where that is not enough, as many columns as fit stand
    beside the first, and the next ones below, beside the first again. Numbers stay whole.
    keys: so many columns are the first."""
    cells = [[cell_text(value) for value in row] for row in [header, *rows]]
    to_left = [i == 0 or name in left for i, name in enumerate(header)]
    columns = [list(column) for column in zip(*cells, strict=True)]
    least = [narrowest_width(column, text) for column, text in zip(columns, to_left, strict=True)]
    lines: list[str] = []
    for block in column_blocks(least, width, keys):
        widths = column_widths(
            [columns[i] for i in block], [least[i] for i in block], [to_left[i] for i in block], width
        )
        head, *body = [[row[i] for i in block] for row in cells]
        lines += [""] if lines else []
        lines += render_cells(body, widths, [to_left[i] for i in block], head)
    return lines


def render_cells(
    rows: Sequence[Sequence[str]], widths: Sequence[int], to_left: Sequence[bool], header: Sequence[str] = ()
) -> list[str]:
    """Returns the lines of a table with columns of these widths, and a rule below each heading; cells wider
    than their column continue in the next line.

    rich wraps single cells only: as a whole it lays a table out twenty times as slowly."""
    lines: list[str] = []
    heads = [wrapped(text, width) for text, width in zip(header, widths, strict=False)]
    highest = max(map(len, heads), default=0)
    heads = [
        [""] * (highest - len(head)) + [*head, "-" * width]
        for head, width in zip(heads, widths, strict=False)
    ]
    for cells in chain([heads], (map(wrapped, row, widths) for row in rows)):
        for parts in zip_longest(*cells, fillvalue=""):
            lines.append((" " * GAP).join(map(pad, parts, widths, to_left)).rstrip())
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Returns the lines of a cell; blanks in front stay before each of them."""
    if text_width(text) <= width:
        return [text]
    from rich.text import Text

    words = text.lstrip()
    blanks = min(len(text) - len(words), width - 1)
    lines = Text(words).wrap(a_console(), width - blanks, overflow="fold")
    return [" " * blanks + line.plain.rstrip() for line in lines]


def pad(text: str, width: int, left: bool) -> str:
    blanks = " " * (width - text_width(text.rstrip()))
    return text.rstrip() + blanks if left else blanks + text.rstrip()


@cache
def a_console() -> Console:
    """Returns a console for the arguments of rich; nothing is printed to it."""
    from rich.console import Console

    return Console(file=io.StringIO(), color_system=None, legacy_windows=False)


def cell_text(value: object) -> str:
    """Returns a value on one line, as it will be shown."""
    return "" if value is None else printable_text(str(value)).replace("\n", " ").replace("\t", " ")


def text_width(text: str) -> int:
    """Returns how many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def narrowest_width(column: Sequence[str], text: bool) -> int:
    """Returns the width below which a column does not go: its widest number, or a part of its text."""
    head, *rest = map(text_width, column)
    longest = max(rest, default=1)
    return min(max(head, longest), TEXT) if text else max(longest, min(head, NARROWEST))


def column_blocks(least: Sequence[int], width: int | None, keys: int) -> list[list[int]]:
    """Returns the columns of each block, the first ones in all of them."""
    first = list(range(keys))
    if width is None or len(least) <= keys:
        return [list(range(len(least)))]
    blocks = [[*first, keys]]
    for i in range(keys + 1, len(least)):
        wider = [*blocks[-1], i]
        if sum(least[j] for j in wider) + GAP * (len(wider) - 1) <= width:
            blocks[-1] = wider
        else:
            blocks.append([*first, i])
    return blocks


def column_widths(
    columns: Sequence[Sequence[str]], least: Sequence[int], text: Sequence[bool], width: int | None
) -> list[int]:
    """Returns the widths of the columns of a block: all they need, less what the line lacks, which the widest
    of those that can wrap give, then the columns of text; a single number wider than the line gives last."""
    widths = [max(1, *map(text_width, column)) for column in columns]  # rich has no column of nothing
    spare = sum(widths) + GAP * (len(widths) - 1) - (width or sys.maxsize)
    lower = [min(bound, NARROWEST) for bound in least]
    for bounds in (least, [low if t else b for low, b, t in zip(lower, least, text, strict=True)], lower):
        while spare > 0 and (more := [i for i, bound in enumerate(bounds) if widths[i] > bound]):
            widths[max(more, key=lambda i: widths[i])] -= 1
            spare -= 1
    return widths
