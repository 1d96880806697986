"""Lines of a run's events.log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from numerate.processes import is_main
from numerate.progress import Progress
from numerate.store import RunFolder, append_text


def log_event(folder: Path, text: str, progress: Progress) -> None:
    """Adds a line to events.log, with the time, and prints it without."""
    if is_main():
        record(folder, text)
        progress.say(text)


def log_warning(folder: Path, text: str, progress: Progress) -> None:
    """Writes a line to events.log and prints it as a warning, also under --quiet."""
    if is_main():
        record(folder, text)
        progress.warn(text)


def record(folder: Path, text: str) -> None:
    append_text(RunFolder(folder).events, f"{datetime.now(UTC).isoformat(timespec='seconds')} {text}\n")
