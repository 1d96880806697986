"""Which part of the sampling is this process's. No torch unless there are several processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def share(items: Sequence[T]) -> Sequence[T]:
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return items
    from numerate.training import devices

    return items[devices.rank() :: devices.size()]


def barrier() -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        from numerate.training import devices

        devices.barrier()
