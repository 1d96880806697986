"""Lines of a run's events.log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from numerate.progress import Progress
from numerate.rollouts.distributed import is_main
from numerate.store import RunFolder, append_text


def log_event(folder: Path, text: str, progress: Progress) -> None:
    """Adds a line to events.log, with the time, and prints it without."""
    if is_main():
        record(folder, text)
        progress.say(text)


def log_warning(folder: Path, text: str, progress: Progress) -> None:
    """The same, printed as a warning: also under --quiet."""
    if is_main():
        record(folder, text)
        progress.warn(text)


def record(folder: Path, text: str) -> None:
    append_text(RunFolder(folder).events, f"{datetime.now(UTC).isoformat(timespec='seconds')} {text}\n")
