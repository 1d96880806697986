"""Several processes of one run (torchrun, accelerate launch): who am I, and the sum of everybody's
gradients."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch import nn


def rank() -> int:
    return PartialState().process_index if torch.distributed.is_available() and launched() else 0


def size() -> int:
    return PartialState().num_processes if launched() else 1


def launched() -> bool:
    """True when a launcher started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def barrier() -> None:
    if launched():
        PartialState().wait_for_everyone()


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its sum over all processes. Losses are sums, so nothing is divided."""
    if not launched():
        return
    trained = [p for p in parameters if p.requires_grad]
    flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).reshape(-1) for p in trained])
    flat = reduce(flat, reduction="sum")
    assert isinstance(flat, torch.Tensor)
    for p, g in zip(trained, flat.split([p.numel() for p in trained]), strict=True):
        p.grad = g.view_as(p).clone()


def sum_tensor(mine: torch.Tensor) -> torch.Tensor:
    """The sum of everybody's tensor, on the CPU."""
    if not launched():
        return mine
    total = reduce(mine.to(PartialState().device), reduction="sum")
    assert isinstance(total, torch.Tensor)
    return total.cpu()


def sum_stats(stats: dict[str, float]) -> dict[str, float]:
    """The same statistics summed over all processes; every process must hold the same names."""
    if not launched():
        return stats
    names = sorted(stats)
    total = reduce(torch.tensor([stats[n] for n in names], device=PartialState().device), reduction="sum")
    assert isinstance(total, torch.Tensor)
    return dict(zip(names, total.tolist(), strict=True))
