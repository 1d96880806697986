"""Rows out of local files: JSONL, JSON, Parquet, and folders of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from numerate.problems.row import Row

ENDINGS = (".jsonl", ".ndjson", ".json", ".parquet")
SHARD = re.compile(r"[-_.]\d+([-_]of[-_]\d+)?$")


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of one file, in order.

    Raises ValueError with file and line where the file can't be read as what its name says."""
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix == ".json":
        yield from _json(path)
    else:
        yield from _jsonl(path)


def splits_of(folder: Path) -> dict[str, list[Path]]:
    """The data files of a folder by split: `train.jsonl`, `train-00000-of-00002.parquet` and
    `train/*.parquet` all belong to train. Shards come in the order of their names."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")) + sorted(folder.glob("*/*")):
        if path.suffix in ENDINGS and path.is_file() and not path.name.startswith("."):
            split = SHARD.sub("", path.stem) if path.parent == folder else path.parent.name
            found.setdefault(split, []).append(path)
    return found


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _row(f"{path} line {number}", line, "one JSON object per line")


def _json(path: Path) -> Iterator[Row]:
    content = path.read_bytes()
    if not content.lstrip().startswith(b"["):
        yield from _jsonl(path)
        return
    items = cast("list[Any]", _parse(str(path), content, "a JSON list of objects"))
    for number, item in enumerate(items, start=1):
        yield _checked(f"{path} row {number}", item)


def _parquet(path: Path) -> Iterator[Row]:
    arrow: Any = import_module("pyarrow")  # has no types
    parquet: Any = import_module("pyarrow.parquet")
    try:
        batches = parquet.ParquetFile(path).iter_batches()
        items = (item for batch in batches for item in batch.to_pylist())
        for number, item in enumerate(items, start=1):
            yield Row(f"{path} row {number}", item)
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: can't be read as Parquet ({error})") from error


def _row(where: str, line: bytes, expected: str) -> Row:
    return _checked(where, _parse(where, line, expected))


def _parse(where: str, content: bytes, expected: str) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # of which broken UTF-8 is one
        raise ValueError(f"{where}: expected {expected}, and this can't be read as one ({error})") from error


def _checked(where: str, item: Any) -> Row:
    if not isinstance(item, dict):
        raise ValueError(
            f"{where}: expected a JSON object with a field per column, found {type(item).__name__}"
        )
    return Row(where, cast("dict[str, Any]", item))
