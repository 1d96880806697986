"""Torch's threads on a machine with other work to do. Needs no torch: it must come before torch is
imported.

OpenMP's threads wait for each other by spinning, thousands of times a second on small models; on a busy
machine the thread that is waited for may not even be running. Sampling from 1 M parameters on two busy
cores, in tokens per second: one thread 9 000, two that wait passively 4 200, two that spin 1 400. (With
both cores idle, two that spin reach 1.4 times one.) So threads wait passively here, and who has small
models and idle cores had better start more processes of one thread each."""

from __future__ import annotations

import os

PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def tune() -> None:
    """Makes OpenMP wait passively in this process and its children, unless the environment says otherwise.

    It only works before torch is imported; after that it does nothing."""
    if not any(name in os.environ for name in PASSIVE):
        os.environ.update(PASSIVE)
