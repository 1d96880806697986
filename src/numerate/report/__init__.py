"""Reports: one self-contained page per run (`build`), and the same numbers as rows for tables (`summary`,
`compare`).

The page needs jinja2 and matplotlib (`pip install 'numerate[report]'`); the tables need nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from numerate.report.comparison import compare
from numerate.report.tables import differences, summary
from numerate.store import Kept, code_identity, contents_hash, file_hash, identity_hash

__all__ = ["build", "compare", "differences", "refresh", "summary"]

PAGE = Path("report") / "index.html"
SHOWN = (".yaml", ".json", ".jsonl", ".parquet")
"""endings of the files of a run that a page is made from"""


def refresh(kept: Kept) -> Path:
    """Builds the report of the folder of `kept`, unless its page is the one that its files and this version
    of the code make."""
    run_dir = kept.folder
    page = run_dir / PAGE
    inputs = identity_hash([code_identity(), contents_hash(run_dir, input_files(run_dir))])
    if not page.is_file() or kept.get("page", inputs) != file_hash(page):
        kept.put("page", inputs, file_hash(build(run_dir)))
    return page


def input_files(run_dir: Path) -> Iterator[Path]:
    """Yields the files that a page may show, and some more: all but weights, the page and hidden names."""
    page = run_dir / PAGE
    for folder, below, names in os.walk(run_dir):
        below[:] = [name for name in below if not name.startswith(".") and Path(folder, name) != page.parent]
        yield from (Path(folder, name) for name in names if name.endswith(SHOWN) and not name.startswith("."))


def build(run_dir: Path) -> Path:
    """Writes `report/index.html` into a run folder from its files and returns its path.

    The same files give the same page, byte for byte. Raises ValueError where the folder holds no run, where a
    file in it is malformed, or where jinja2 or matplotlib is missing."""
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ValueError(f"the report needs {' and '.join(missing)}: pip install 'numerate[report]'")
    from numerate.report.page import write_page

    return write_page(Path(run_dir))
