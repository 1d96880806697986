"""Reports: one self-contained page per run (`build`), and the same numbers as rows for tables (`summary`,
`compare`).

The page needs jinja2 and matplotlib (`pip install 'numerate[report]'`); the tables need nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from numerate.report.comparison import compare
from numerate.report.tables import differences, summary

__all__ = ["build", "compare", "differences", "summary"]


def build(run_dir: Path) -> Path:
    """Writes `report/index.html` into a run folder from its files and returns its path.

    The same files give the same page, byte for byte. Raises ValueError where the folder holds no run, where a
    file in it is malformed, or where jinja2 or matplotlib is missing."""
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ValueError(f"the report needs {' and '.join(missing)}: pip install 'numerate[report]'")
    from numerate.report.page import write_page

    return write_page(Path(run_dir))
