"""The lines of a file that somebody gives to `numerate grade`: JSONL, or a table as JSON, also in gzip."""

from __future__ import annotations

import csv
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from numerate.problems.files import DELIMITERS, UTF16, ending_of, open_data


@contextmanager
def json_lines(file: Path) -> Generator[Iterator[str]]:
    """Opens a file. A byte that isn't UTF-8 is replaced; a row that doesn't fit its table becomes a list."""
    with open_data(file) as content:
        start = content.read(len(UTF16[0]))
    if start.startswith(UTF16):
        raise ValueError(f"{file}: not valid UTF-8, it looks like UTF-16: save it as UTF-8")
    with open_data(file) as content, TextIOWrapper(content, encoding="utf-8-sig", errors="replace") as lines:
        delimiter = DELIMITERS.get(ending_of(file))
        yield iter(lines) if delimiter is None else table_lines(lines, delimiter)


def table_lines(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """A JSON object for every row of a table with a header; empty lines keep the numbers of lines as they
    are."""
    reader = csv.reader(lines, delimiter=delimiter)
    header = [name.strip() for name in next(reader, [])]
    line = 0
    for cells in reader:
        yield from [""] * (reader.line_num - line - 1)
        line = reader.line_num
        row = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
        yield json.dumps(row if len(cells) <= len(header) else cells) if cells else ""
