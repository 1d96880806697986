"""The results as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.gpu.settings import Row

DETAILS = ("tokens_s", "ms", "mfu", "mbu", "more_mib")
PARITY = ("max", "mean", "forward", "gradient", "relative", "identical", "bound", "passes")
WIDTH = 130
NAMING = ("engine", "dtype", "rows", "tokens", "micro_tokens", "micro_rows")


def parity_fails(entries: Sequence[Row]) -> bool:
    return any(row.get("passes") is False for entry in entries for row in entry["rows"])


def print_report(entries: Sequence[Row], console: Console | None = None) -> None:
    console = console or Console()
    console = Console(width=max(WIDTH, console.width), file=console.file)
    for entry in entries:
        note = "" if entry["status"] == "ok" else f": {entry['status']}, {entry.get('error', '')[-200:]}"
        console.print(f"\n{entry['name']} ({entry.get('seconds', 0)} s){note}", markup=False, highlight=False)
        if entry["name"] == "environment":
            for row in entry["rows"]:
                shown = ", ".join(f"{key} {cell(value)}" for key, value in row.items() if key != "what")
                console.print(f"  {row['what']}: {shown}", markup=False, highlight=False)
        elif entry["rows"]:
            columns = PARITY if entry["name"].startswith("parity") else DETAILS
            console.print(section_table(entry["rows"], columns))


def section_table(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    shown = [column for column in columns if any(column in row for row in rows)]
    table = Table(box=None, pad_edge=False)
    table.add_column("what", overflow="fold")
    for column in shown:
        table.add_column(column, justify="right")
    table.add_column("note", overflow="fold")
    for row in rows:
        naming = ", ".join(str(row[key]) for key in NAMING if key in row)
        title = f"{row['what']}, {naming}" if naming else row["what"]
        table.add_row(title, *(cell(row.get(column, "")) for column in shown), " ".join(notes(row)))
    return table


def notes(row: Row) -> Iterator[str]:
    for key in ("error", "skipped", "warnings"):
        if key in row:
            yield f"{key}: {str(row[key])[:120]}"
    for key in ("attention", "recordings", "ratio_std", "ratio_max"):
        if key in row:
            yield f"{key} {cell(row[key])}"


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items())
    return f"{value:,.4g}" if isinstance(value, int | float) else str(value)
