"""Fixtures that every test may use, and how Hypothesis searches.

The same examples in every run, and no stop-watch on a busy machine; HYPOTHESIS_PROFILE=wide searches further,
with new examples each time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
for size in ("COLUMNS", "LINES"):  # a test that wants a terminal of a size sets it
    os.environ.pop(size, None)
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault(
    "NUMERATE_TRUST", "tests"
)  # rewards that stand in test files; tests of trust take it away

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real datasets: $NUMERATE_DATA, by default ../shared/data beside the repository."""
    path = Path(os.environ.get("NUMERATE_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not path.is_dir():
        reason = f"no real datasets at {path}: set NUMERATE_DATA to the folder that holds gsm8k/, math/, ..."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    os.environ["NUMERATE_DATA"] = str(path)
    return path


@pytest.fixture(scope="session")
def vectors(data_dir: Path) -> dict[str, Any]:
    """The numeric test vectors of the papers' formulas, beside the datasets."""
    return json.loads((data_dir.parent / "vectors.json").read_text())
