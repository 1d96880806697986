# pyright: strict
"""Rank of this process among those of a run, as set by the launcher (torchrun). Needs no torch.

What processes do together: `rollouts.sharing` divides work, `training.distributed` adds up tensors."""

from __future__ import annotations

import os


def is_distributed() -> bool:
    """Checks whether a launcher started this process as one of several."""
    return process_count() > 1


def process_count() -> int:
    """Returns the number of processes that share this run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Returns the number of this process, from 0 on. Raises ValueError where it has none."""
    if not is_distributed():
        return 0
    if "RANK" not in os.environ:
        raise ValueError(
            f"this is one of {process_count()} processes, and RANK does not say which: start with torchrun"
        )
    return int(os.environ["RANK"])


def is_main() -> bool:
    """Checks whether this is the process that writes, the one of rank 0."""
    return rank() == 0
