"""Torch's threads on a machine that may have other work to do. Needs no torch: it must come before torch is
imported.

OpenMP's threads wait for each other by spinning, thousands of times a second on small models; on a busy
machine the thread that is waited for may not even be running. Sampling with 1.4 M parameters and two
threads on two cores, in tokens per second, both idle / one of them busy: spinning as long as OpenMP likes
11,700 / 3,700, a thousand turns 10,100 / 4,700, not at all 6,600 / 6,800. So threads spin a thousand
turns."""

from __future__ import annotations

import os

SPIN = {"GOMP_SPINCOUNT": "1000"}
SAID = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""variables by which a person may have chosen already"""


def tune() -> None:
    """Makes OpenMP wait briefly in this process and its children, unless the environment says otherwise.

    It only works before torch is imported; after that it does nothing. Results do not depend on it."""
    if not any(name in os.environ for name in SAID):
        os.environ.update(SPIN)
