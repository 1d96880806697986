"""Which process this is: one file knows, from what the launcher sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import numerate
from numerate import processes

PACKAGE = Path(numerate.__file__).parent


@pytest.mark.parametrize(
    ("size", "number", "several", "main"),
    [(None, None, False, True), ("1", "0", False, True), ("2", "0", True, True), ("2", "1", True, False)],
)
def test_the_launcher_says_which(
    monkeypatch: pytest.MonkeyPatch, size: str | None, number: str | None, several: bool, main: bool
) -> None:
    for name, value in (("WORLD_SIZE", size), ("RANK", number)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert (processes.is_distributed(), processes.is_main()) == (several, main)
    assert (processes.process_count(), processes.rank()) == (int(size or 1), int(number or 0))


def test_a_process_without_a_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ValueError, match="start with torchrun"):
        processes.is_main()


def test_one_file_reads_the_launchers_variables() -> None:
    """But for the command, which prints an error of all processes once, whatever else is wrong."""
    reads = re.compile(r'"(WORLD_SIZE|RANK)"')
    files = {p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py") if reads.search(p.read_text())}
    assert files == {"processes.py", "cli/app.py"}
