"""Rows out of the hub, through the `datasets` library, which is imported here and only when a set is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numerate.problems.row import Row

INSTALL = "pip install 'numerate[train]'"


@dataclass(frozen=True, slots=True)
class Hub:
    """A split of a dataset on the hub."""

    id: str
    split: str
    config: str | None = None

    def __str__(self) -> str:
        return f"{self.id}{f':{self.config}' if self.config else ''}/{self.split}"


def is_installed() -> bool:
    return find_spec("datasets") is not None


def read_hub(at: Hub) -> Iterator[Row]:
    """Yields every row of a split on the hub, from the library's cache where it is there already.

    Raises ValueError where the library is missing, or can't reach or find the set."""
    load_dataset = _library(f"the hub dataset {at}").load_dataset
    try:
        rows = load_dataset(at.id, at.config, split=at.split)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"the hub dataset {at} could not be loaded ({_first_line(error)}): check its name, config and "
            "split and the connection, or give the path of a local JSONL or Parquet file"
        ) from error
    yield from _rows(str(at), rows)


def read_saved(folder: Path, split: str) -> Iterator[Row]:
    """Yields every row of a folder written by `save_to_disk` of the datasets library."""
    load_from_disk = _library(f"the saved dataset {folder}").load_from_disk
    try:
        saved = load_from_disk(str(folder))
    except (OSError, ValueError) as error:
        raise ValueError(f"the saved dataset {folder} could not be read ({_first_line(error)})") from error
    yield from _rows(str(folder / split), saved[split] if split else saved)


def saved_splits(folder: Path) -> list[str]:
    """Returns the splits of such a folder; one without a name where it holds a single set."""
    index = folder / "dataset_dict.json"
    return list(json.loads(index.read_text(encoding="utf-8"))["splits"]) if index.is_file() else [""]


def _library(name: str) -> Any:
    if not is_installed():
        raise ValueError(f"reading {name} needs the datasets library: {INSTALL}")
    return import_module("datasets")


def _rows(where: str, rows: Any) -> Iterator[Row]:
    for number, item in enumerate(rows, start=1):
        yield Row(f"{where} row {number}", item)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
