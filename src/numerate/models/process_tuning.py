"""Process tuning for a machine that may have other work to do. Needs no torch: it must come before torch is
imported.

Threads. OpenMP's threads wait for each other by spinning, thousands of times a second on small models; on a
busy machine the thread that is waited for may not even be running. Sampling with 1.4 M parameters and two
threads on two cores, in tokens per second, both idle / one of them busy: spinning as long as OpenMP likes
11,700 / 3,700, a thousand turns 10,100 / 4,700, not at all 6,600 / 6,800. So threads spin a thousand
turns. (Measured when torch's threads shared each product of a step. The compiled functions of sampling have
threads of their own, which sleep after a short wait: kernels/team.c.)

Memory. glibc hands large blocks back to the system when they are freed, and the next step gets them page by
page, each cleared: 14 % of the time of a policy update with 5 M parameters on 4,096 tokens (one measurement).
So freed memory is kept until the process ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from threading import Thread

SPIN = {"GOMP_SPINCOUNT": "1000"}
WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""variables by which a person may have chosen already"""
HEAP_VARIABLES = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "LD_PRELOAD")
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
"""numbers of glibc's mallopt options"""


FROM_PARENT = "NUMERATE_STDIN_IS_PARENT"
"""set where stdin is a pipe without data, which closes when the parent process ends"""
GRACE = 5.0
"""seconds between SIGTERM and SIGKILL"""


def end_with_parent() -> None:
    """Ends this process when its parent ends in any way, where the parent requests it. Its own children
    continue."""
    if os.environ.pop(FROM_PARENT, None):
        Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def tune_process() -> None:
    """Makes OpenMP wait briefly, in this process and its children, and glibc keep freed memory; each unless
    the environment says something about it.

    The threads' part only works before torch is imported; after that it does nothing. Results do not depend
    on either."""
    if not any(name in os.environ for name in WAIT_VARIABLES):
        os.environ.update(SPIN)
    if not any(name in os.environ for name in HEAP_VARIABLES):
        keep_heap()


def keep_heap() -> bool:
    """Keeps freed memory in the process. Returns whether it could be done: on Linux with glibc."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    settings = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1, TOP_PAD: 64 * 2**20}
    done = [bool(mallopt(option, value)) for option, value in settings.items()]
    return all(done)
