"""The option `judge` of a method: the oracle, a stage that trained a judge, or a folder that holds one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from numerate.rollouts.job import Job
from numerate.types import Scorer


def kind(name: str) -> Literal["oracle", "folder", "stage"]:
    """A folder has a slash in its name, which stages cannot have."""
    return "oracle" if name == "oracle" else "folder" if "/" in name else "stage"


def find(name: str | None, job: Job, every: bool = False) -> Scorer | None:
    """The judge of that name, None for None. every: a judge of outcomes is asked after every step. Raises
    ValueError where there is none."""
    from numerate import judges

    if name is None:
        return None
    if kind(name) == "oracle":
        return judges.Oracle()
    place = Path(name) if kind(name) == "folder" else job.stage_folder(name) / "model"
    return judges.load(place, device=job.device, dtype=job.dtype, every=every)
