"""What each of several processes of a run does: its share of the sampling, and one of them the writing. No
torch where there is only one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from numerate.store import read_rollouts, write_rollouts
from numerate.types import Scored

T = TypeVar("T")


class Named(Protocol):
    @property
    def id(self) -> str: ...


Asked = TypeVar("Asked", bound=Named)


def several() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def processes() -> int:
    """How many processes share this run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def first() -> bool:
    """Is this the process that writes?"""
    return not several() or os.environ["RANK"] == "0"


def share(items: Sequence[T]) -> Sequence[T]:
    """Every process calls it with the same items, before any of them is done."""
    if not several():
        return items
    barrier()
    return items[int(os.environ["RANK"]) :: int(os.environ["WORLD_SIZE"])]


def barrier() -> None:
    if several():
        from numerate.training import devices

        devices.barrier()


def once(do: Callable[[], object]) -> None:
    """One process does it, and all wait until it is done. Raises in all of them what it raises."""
    agreed(do if first() else lambda: None)


def write_part(path: Path, asked: Sequence[Asked], make: Callable[[Sequence[Asked]], list[Scored]]) -> None:
    """Stores what `make` gives for the questions of a part, in their order and that of the attempts. Several
    processes make a share each, and one puts the shares together: the file is the same."""
    if not several():
        write_rollouts(path, make(asked))
        return
    shares = [path.with_name(f"{path.stem}.share-{i}") for i in range(int(os.environ["WORLD_SIZE"]))]
    mine = share(asked)
    here = shares[int(os.environ["RANK"])]
    agreed(lambda: write_rollouts(here, make(mine) if mine else []))
    once(lambda: put_together(path, asked, shares))


def agreed(make: Callable[[], T]) -> T:
    """Returns what `make` returns. Raises in every process where it raises in one, so that none waits."""
    if not several():
        return make()
    from numerate.training import devices

    return devices.agreed(make)


def put_together(path: Path, asked: Sequence[Named], shares: Sequence[Path]) -> None:
    place = {one.id: i for i, one in enumerate(asked)}
    rows = [scored for file in shares for scored in read_rollouts(file)]
    write_rollouts(path, sorted(rows, key=lambda s: (place[s.rollout.problem_id], s.rollout.index)))
    for file in shares:
        file.unlink()
