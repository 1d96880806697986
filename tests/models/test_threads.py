"""Threads spin briefly unless the environment says otherwise."""

from __future__ import annotations

import os

import pytest

from numerate.models import threads


def test_brief_waiting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    threads.tune()
    assert os.environ == {"GOMP_SPINCOUNT": "1000"}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_user_set_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {name: "mine"})
    threads.tune()
    assert os.environ == {name: "mine"}
