"""Process group: sums of gradients and statistics, barriers, errors raised in all processes."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TypeVar, cast

import torch
from accelerate import PartialState
from accelerate.utils import gather_object, reduce
from torch import nn

from numerate.processes import is_distributed, is_main, process_count
from numerate.types import NotFinite, RunStopped

T = TypeVar("T")
PASSED_ON = {error.__name__: error for error in (NotFinite, RunStopped, MemoryError, OSError, ValueError)}
"""kinds of errors that are raised in every process as they are in one, special ones first"""


def process_state() -> PartialState:
    """Connects the processes: by NCCL on GPUs, by gloo on CPUs."""
    connecting = not PartialState._shared_state  # pyright: ignore[reportPrivateUsage]
    if connecting and torch.distributed.is_available():
        # its functions keep the group of the moment of its import as a default: imported after the connection
        # (torch's optimizers do that), it would keep the group's threads, which may abort the exit
        import_module("torch.distributed.nn")
    state = PartialState(cpu=not torch.cuda.is_available())
    if connecting:
        atexit.register(state.destroy_process_group)
    if state.num_processes != process_count():
        raise ValueError(
            f"this is one of {process_count()} processes without a connection to the others: start them with "
            "torchrun"
        )
    return state


def barrier() -> None:
    if is_distributed():
        process_state().wait_for_everyone()


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replaces every gradient by its sum over all processes. Losses are sums, so nothing is divided; what has
    no gradient in any process is left without."""
    if not is_distributed():
        return
    trained = [p for p in parameters if p.requires_grad]
    has = torch.tensor([float(p.grad is not None) for p in trained], device=trained[0].device)
    mine = [(p.grad if p.grad is not None else torch.zeros_like(p)).reshape(-1) for p in trained]
    flat = sum_over_processes(torch.cat([has, *mine]))
    has, *sums = flat.split([len(trained), *(p.numel() for p in trained)])
    for p, somebody, g in zip(trained, has.tolist(), sums, strict=True):
        p.grad = g.view_as(p).clone() if somebody else None


def sum_over_processes(mine: torch.Tensor) -> torch.Tensor:
    """Returns the sum of all processes' tensors, the same bits in every process."""
    process_state()
    total = reduce(mine, reduction="sum")
    assert isinstance(total, torch.Tensor)
    return total


def sum_tensor(mine: torch.Tensor) -> torch.Tensor:
    """Returns the sum of all processes' tensors, on the CPU."""
    if not is_distributed():
        return mine
    return sum_over_processes(mine.to(process_state().device)).cpu()


def gather_texts(text: str) -> list[str]:
    """Returns the texts of all processes, in their order."""
    if not is_distributed():
        return [text]
    process_state()
    return gather_object([text])


def agree_on_result(make: Callable[[], T]) -> T:
    """Returns what `make` returns. Raises in every process where it raises in one, so that no process waits
    for another that has ended: there what was raised, elsewhere an error of its kind and message."""
    if not is_distributed():
        return make()
    result, own, message = None, None, ""
    try:
        result = make()
    except Exception as error:
        own, message = error, f"{kind(error)}:{error}"
    if not (messages := [text for text in gather_texts(message) if text]):
        return cast("T", result)
    name, _, text = messages[0].partition(":")
    other = PASSED_ON.get(name)
    raised = own or (other(text) if other else RunStopped(f"{name} in another process: {text}"))
    raised.everywhere = True  # pyright: ignore[reportAttributeAccessIssue]
    raise raised


def kind(error: Exception) -> str:
    """Returns the name of the first kind in PASSED_ON that an error is of, else that of its own class."""
    name = type(error).__name__
    if name == "OutOfMemoryError":
        return "MemoryError"
    return next((passed for passed, cls in PASSED_ON.items() if isinstance(error, cls)), name)


def run_on_main(do: Callable[[], object]) -> None:
    """Calls a function in the first process, while the others wait until it returns or fails."""
    agree_on_result(do if is_main() else lambda: None)


def sum_stats(stats: dict[str, float]) -> dict[str, float]:
    """Returns the same statistics summed over all processes; every process must hold the same names."""
    if not is_distributed():
        return stats
    names = sorted(stats)
    mine = torch.tensor([stats[n] for n in names], dtype=torch.float64, device=process_state().device)
    return dict(zip(names, sum_over_processes(mine).tolist(), strict=True))
