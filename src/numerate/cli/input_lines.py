"""Lines of an input file of `numerate grade`: JSONL, JSON, or a table as JSON, also in
gzip."""

from __future__ import annotations

import csv
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numerate.cli import terminal
from numerate.problems.files import DELIMITERS, ENDINGS, UTF16, ending_of, header_of, open_data

START = 4_096
"""bytes that tell what a file holds"""


@contextmanager
def json_lines(file: Path) -> Generator[Iterator[str]]:
    """Opens a file."""
    with open_data(file) as content:
        start = content.read(START)
    if start.startswith(UTF16):
        raise ValueError(f"{file}: not valid UTF-8, it looks like UTF-16: save it as UTF-8")
    ending = ending_of(file)
    text = start.decode("utf-8-sig", errors="replace").lstrip()
    with open_data(file) as content:
        lines = decoded_lines(content, str(file))
        if delimiter := DELIMITERS.get(ending):
            yield table_lines(file, lines, delimiter)
        elif ending == ".json" and text.startswith("["):
            yield list_lines(file, "".join(lines))
        elif not ending and text and not any(line.startswith("{") for line in text.splitlines()):
            first = text.splitlines()[0]
            raise ValueError(
                f"{file}: its first line is no JSON object ({first[:40]!r}): give a table the ending .csv or "
                f".tsv; this command reads {', '.join(end for end in ENDINGS if end != '.parquet')}"
            )
        else:
            yield lines


def decoded_lines(content: Iterable[bytes], name: str) -> Iterator[str]:
    """Yields the lines of a file in UTF-8; another encoding is read as Windows-1252, with one notice on
    stderr."""
    warned = False
    for number, line in enumerate(content, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            if not warned:
                terminal.echo(
                    f"{name}:{number}: is no UTF-8 and is read as Latin-1, as other lines like it: save the "
                    "file as UTF-8 if that is wrong",
                    err=True,
                )
            warned = True
            yield line.decode("cp1252", errors="replace")


def list_lines(file: Path, text: str) -> Iterator[str]:
    """Yields a line for every item of a JSON list."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: can't be read as a JSON list of objects ({error})") from None
    return (json.dumps(item, ensure_ascii=False) for item in items)


def table_lines(file: Path, lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Yields a JSON object for every row of a table with a header; empty lines keep the numbers of lines as
    they are. Raises ValueError where a column comes twice."""
    reader = csv.reader(lines, delimiter=delimiter)
    header = header_of(file, next(reader, []))
    return _row_lines(reader, header)


def _row_lines(reader: Any, header: list[str]) -> Iterator[str]:
    """Yields a JSON object per row. reader: what csv.reader returns, whose type has no name."""
    from numerate.answers.grade_jsonl import EXTRA_CELLS  # loads the grader, which other commands don't use

    line = 0
    for cells in reader:
        yield from [""] * (reader.line_num - line - 1)
        line = reader.line_num
        row: dict[str, object] = {
            name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()
        }
        if len(cells) > len(header):
            row[EXTRA_CELLS] = [len(cells), len(header)]
        yield json.dumps(row, ensure_ascii=False) if cells else ""
