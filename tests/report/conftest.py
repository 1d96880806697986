"""Run folders for the tests of the report, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_run import make

from numerate import report


@pytest.fixture(scope="session")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run: three models, two problem sets, a stage that samples in rounds. Not to be changed."""
    return make(tmp_path_factory.mktemp("runs") / "orchard", count=24, samples=8)


@pytest.fixture(scope="session")
def orchard_page(orchard: Path) -> Path:
    return report.build(orchard)
