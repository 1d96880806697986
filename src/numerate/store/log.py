# pyright: strict
"""A JSONL file that grows row by row and can be cut back to an earlier round."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from numerate.store.files import write_text


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one line. A number that is not finite becomes null: JSON has no NaN, and a diverged loss must not
    stop the log. A half-written last line, left by a killed process, is closed off first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    finite = {k: None if isinstance(v, float) and not isfinite(v) else v for k, v in row.items()}
    line = json.dumps(finite, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    with path.open("ab+") as f:
        if f.tell():
            f.seek(-1, os.SEEK_END)
            line = line if f.read(1) == b"\n" else b"\n" + line
        f.write(line)


def forget_rounds(path: Path, first: int) -> None:
    """Drop the rows of round `first` and later, which will be done again, and lines that are not JSON."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    write_text(path, "".join(line + "\n" for line in lines if _before(line, first)))


def _before(line: str, first: int) -> bool:
    try:
        row = json.loads(line)
        return row["round"] < first
    except (ValueError, TypeError, KeyError):
        return False
