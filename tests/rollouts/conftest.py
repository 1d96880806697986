"""Everything here runs twice: with the compiled functions, and with torch alone."""

from __future__ import annotations

import pytest

from numerate import kernels


@pytest.fixture(params=["compiled", "torch"], autouse=True)
def small_operations(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "torch":
        monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    elif kernels.compiled_library() is None:
        pytest.skip("no C compiler here")
