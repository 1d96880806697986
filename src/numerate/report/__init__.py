"""Reports: one self-contained page per run (`build`), and the same numbers as rows for tables (`summary`, `compare`).

The page needs jinja2 and matplotlib (`pip install 'numerate[report]'`); the tables need nothing."""

from __future__ import annotations

from pathlib import Path

from numerate.report.tables import compare, differences, summary

__all__ = ["build", "compare", "differences", "summary"]


def build(run_dir: Path) -> Path:
    """Write `report/index.html` into a run folder from its files and return its path.

    The same files give the same page, byte for byte. Raises ValueError where the folder holds no run, where a file
    in it is malformed, or where jinja2 or matplotlib is missing."""
    try:
        import jinja2  # noqa: F401 #pyright: ignore
        import matplotlib  # noqa: F401 #pyright: ignore
    except ModuleNotFoundError as error:
        raise ValueError(f"the report needs {error.name}: pip install 'numerate[report]'") from error
    from numerate.report.page import write

    return write(Path(run_dir))
