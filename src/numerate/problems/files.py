"""Rows out of local files: JSONL, JSON, CSV, TSV, any of these in gzip, Parquet, and folders of them.

A byte-order mark is skipped. The cells of a table are texts, and an empty one is missing."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from numerate.problems.row import Row

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
"""all but .parquet also with .gz behind them"""
DELIMITERS = {".csv": ",", ".tsv": "\t"}
UTF16 = (BOM_UTF16_LE, BOM_UTF16_BE)
LONGEST_CELL = 2**31 - 1
"""characters; a solution with its thought passes the 131,072 that `csv` takes by default"""
csv.field_size_limit(LONGEST_CELL)
SHARD = re.compile(r"[-_.]\d+([-_]of[-_]\d+)?$")


def read_rows(path: Path) -> Iterator[Row]:
    """Yields every row of one file, in order.

    Raises ValueError with file and line where the file can't be read as what its name says."""
    ending = ending_of(path)
    if ending == ".parquet":
        yield from _parquet(path)
    elif ending == ".json":
        yield from _json(path)
    elif ending in DELIMITERS:
        yield from _table(path, DELIMITERS[ending])
    else:
        yield from _jsonl(path)


def ending_of(path: Path) -> str:
    """Returns the ending that determines a file's format: .jsonl for train.jsonl.gz; "" for an unknown
    one."""
    packed = path.suffix.lower() == ".gz"
    suffix = (Path(path.stem).suffix if packed else path.suffix).lower()
    return suffix if suffix in ENDINGS and not (suffix == ".parquet" and packed) else ""


def stem_of(path: Path) -> str:
    """Returns the name of a file without its ending."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


@contextmanager
def open_data(path: Path) -> Generator[IO[bytes]]:
    """Yields the bytes of a file, unpacked where its name ends in .gz.

    Raises ValueError where it isn't what gzip writes."""
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as content:
        try:
            yield cast("IO[bytes]", content)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: gzip cannot decompress it ({error}): replace the file") from error


def splits_of(folder: Path) -> dict[str, list[Path]]:
    """Returns the data files of a folder by split: `train.jsonl`, `train-00000-of-00002.parquet` and
    `train/*.parquet` all belong to train. Shards come in the order of their names."""
    splits: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")) + sorted(folder.glob("*/*")):
        if ending_of(path) and path.is_file() and not path.name.startswith("."):
            split = SHARD.sub("", stem_of(path)) if path.parent == folder else path.parent.name
            splits.setdefault(split, []).append(path)
    return splits


def _jsonl(path: Path) -> Iterator[Row]:
    with open_data(path) as lines:
        for number, line in enumerate(lines, start=1):
            line = line.removeprefix(BOM_UTF8) if number == 1 else line
            if line.strip():
                yield _row(f"{path} line {number}", line, "one JSON object per line")


def _json(path: Path) -> Iterator[Row]:
    with open_data(path) as file:
        content = file.read().removeprefix(BOM_UTF8)
    if not content.lstrip().startswith(b"["):
        yield from _jsonl(path)
        return
    items = cast("list[Any]", _parse(str(path), content, "a JSON list of objects"))
    for number, item in enumerate(items, start=1):
        yield _checked(f"{path} row {number}", item)


def _table(path: Path, delimiter: str) -> Iterator[Row]:
    with open_data(path) as content:
        reader = csv.reader(_decoded(path, content), delimiter=delimiter, strict=True)
        try:
            header = header_of(path, next(reader, list[str]()))
            start = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield _record(f"{path} line {start}", header, cells)
                start = reader.line_num + 1
        except csv.Error as error:
            raise ValueError(f"{path} line {reader.line_num}: not a valid table ({error})") from error


def header_of(path: Path, cells: list[str]) -> list[str]:
    """Returns the names of a table's columns. Raises ValueError where one comes twice."""
    header = [name.strip() for name in cells]
    if len(set(header)) < len(header):
        raise ValueError(f"{path} line 1: duplicate column among {', '.join(header)}: rename it")
    return header


def _decoded(path: Path, content: IO[bytes]) -> Iterator[str]:
    for number, line in enumerate(content, start=1):
        try:
            yield (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} line {number}: {not_utf8(error)}") from error


def not_utf8(error: UnicodeDecodeError) -> str:
    where = f"byte {error.start + 1}" + (", it looks like UTF-16" if error.object.startswith(UTF16) else "")
    return f"not valid UTF-8 ({where}): save it as UTF-8"


def _record(where: str, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        raise ValueError(
            f"{where}: {len(cells)} cells for {len(header)} columns: quote cells that contain the delimiter"
        )
    return Row(where, {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()})


def _parquet(path: Path) -> Iterator[Row]:
    arrow: Any = import_module("pyarrow")  # has no types
    parquet: Any = import_module("pyarrow.parquet")
    try:
        batches = parquet.ParquetFile(path).iter_batches()
        items = (item for batch in batches for item in batch.to_pylist())
        for number, item in enumerate(items, start=1):
            yield Row(f"{path} row {number}", item)
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a valid Parquet file ({error})") from error


def _row(where: str, line: bytes, expected: str) -> Row:
    return _checked(where, _parse(where, line, expected))


def _parse(where: str, content: bytes, expected: str) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: expected {expected}, found text {not_utf8(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: expected {expected} ({error})") from error


def _checked(where: str, item: Any) -> Row:
    if not isinstance(item, dict):
        raise ValueError(
            f"{where}: expected a JSON object with a field per column, found {type(item).__name__}"
        )
    return Row(where, cast("dict[str, Any]", item))
