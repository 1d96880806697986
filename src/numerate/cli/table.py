"""Plain tables: aligned columns, no boxes. On a narrow terminal text wraps and columns move below each other;
nothing is cut off. Whole in a pipe or a file."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, TextIO

from numerate.cli import terminal
from numerate.terminal import printable_text

GAP = "  "
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
    """Print a table; the columns named in `left` (and the first) align left, the others right."""
    terminal.echo("\n".join(lay_out(rows, header, left, line_width(to_stderr), keys)), err=to_stderr)


def print_title(text: str, *, to_stderr: bool = False) -> None:
    """Print an empty line and the name of the table below; a long one wraps."""
    terminal.echo("\n" + "\n".join(wrap_text(text, line_width(to_stderr) or sys.maxsize)), err=to_stderr)


def paragraph(text: str, *, indent: str = "", to_stderr: bool = False) -> None:
    """Print words, wrapped at the width of the terminal, at 78 characters elsewhere."""
    width = min(line_width(to_stderr) or 78, 78)
    terminal.echo(
        "\n".join(wrap(text, width, initial_indent=indent, subsequent_indent=indent)), err=to_stderr
    )


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
        lines += [""] if lines else []
        lines += table_body([[row[i] for i in block] for row in cells], widths, [to_left[i] for i in block])
    return lines


def cell_text(value: object) -> str:
    """Returns a value on one line, and as wide as it will be shown."""
    return "" if value is None else printable_text(str(value)).replace("\n", " ")


def narrowest_width(column: Sequence[str], text: bool) -> int:
    """Returns the width below which a column does not go: its widest number, or a part of its text."""
    head, *rest = map(len, column)
    longest = max(rest, default=0)
    return min(max(head, longest), TEXT) if text else max(longest, min(head, NARROWEST))


def column_blocks(least: Sequence[int], width: int | None, keys: int) -> list[list[int]]:
    """Returns the columns of each block, the first ones in all of them."""
    first = list(range(keys))
    if width is None or len(least) <= keys:
        return [list(range(len(least)))]
    blocks = [[*first, keys]]
    for i in range(keys + 1, len(least)):
        wider = [*blocks[-1], i]
        if sum(least[j] for j in wider) + len(GAP) * (len(wider) - 1) <= width:
            blocks[-1] = wider
        else:
            blocks.append([*first, i])
    return blocks


def column_widths(
    columns: Sequence[Sequence[str]], least: Sequence[int], text: Sequence[bool], width: int | None
) -> list[int]:
    """Returns the widths of the columns of a block: all they need, less what the line lacks, which the widest
    of those that can wrap give, then the columns of text; a single number wider than the line gives last."""
    widths = [max(map(len, column)) for column in columns]
    spare = sum(widths) + len(GAP) * (len(widths) - 1) - (width or sys.maxsize)
    lower = [min(bound, NARROWEST) for bound in least]
    for bounds in (least, [low if t else b for low, b, t in zip(lower, least, text, strict=True)], lower):
        while spare > 0 and (more := [i for i, bound in enumerate(bounds) if widths[i] > bound]):
            widths[max(more, key=lambda i: widths[i])] -= 1
            spare -= 1
    return widths


def table_body(cells: Sequence[Sequence[str]], widths: Sequence[int], to_left: Sequence[bool]) -> list[str]:
    """Returns the heading, a rule and the rows; cells wider than their column go on in the next line."""
    head, *rows = [fold_row(row, widths, to_left) for row in cells]
    return [*head, GAP.join("-" * width for width in widths), *(line for row in rows for line in row)]


def fold_row(row: Sequence[str], widths: Sequence[int], to_left: Sequence[bool]) -> list[str]:
    parts = [wrap_text(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = [[part[i] if i < len(part) else "" for part in parts] for i in range(max(map(len, parts)))]
    return [
        GAP.join(
            word.ljust(width) if left else word.rjust(width)
            for word, width, left in zip(line, widths, to_left, strict=True)
        ).rstrip()
        for line in lines
    ]


def wrap_text(text: str, width: int) -> list[str]:
    """Returns a cell in lines of at most `width` characters, broken at blanks and hyphens where there are
    any; blanks in front stay."""
    if len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())][: width // 2]
    return wrap(text.strip(), width, initial_indent=indent, subsequent_indent=indent) or [""]


def print_pairs(rows: Sequence[tuple[str, str]], *, to_stderr: bool = False) -> None:
    """Print `name  value` lines; a long value goes on under itself."""
    widest = max(len(name) for name, _ in rows)
    stream = sys.stderr if to_stderr else sys.stdout
    rest = (shutil.get_terminal_size().columns if stream.isatty() else 80) - widest - len(GAP)
    for name, value in rows:
        lines = wrap(printable_text(value), max(rest, 3 * NARROWEST)) or [""]
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
        from numerate.store import write_text

        write_text(path, text)
