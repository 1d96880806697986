"""Checks that a device is available, before a run starts. torch is imported only to look for a GPU."""

from __future__ import annotations

import re

NAMES = "auto, cpu, cuda, cuda:0 or mps"
PATTERN = re.compile(r"auto|cpu|mps|cuda(?::(\d+))?")


def check_device(name: str) -> None:
    """Raises ValueError for a name that is no device, and for a device that this machine lacks.

    Without torch installed nothing is looked for: that it is missing is told elsewhere."""
    match = PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"there is no device {name!r}: choose {NAMES}")
    if name in ("auto", "cpu"):
        return
    try:
        import torch
    except ImportError:
        return
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise ValueError("device 'mps': torch finds no Apple GPU here; set auto or cpu")
    elif not torch.cuda.is_available():
        build = (
            ""
            if torch.version.cuda or torch.version.hip
            else f", and torch {torch.__version__} is built without CUDA"
        )
        raise ValueError(
            f"device {name!r}: torch finds no GPU here{build}; set auto or cpu, and see `numerate doctor`"
        )
    elif int(match[1] or 0) >= (count := torch.cuda.device_count()):
        last = f"cuda:0 to cuda:{count - 1}" if count > 1 else "cuda:0"
        raise ValueError(f"device {name!r}: this machine only has {last}")
