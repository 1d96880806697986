"""Multi-process helpers: sharding, main-process writes, barriers. No torch where there is one process."""

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


NamedT = TypeVar("NamedT", bound=Named)


def is_distributed() -> bool:
    return process_count() > 1


def process_count() -> int:
    """Returns how many processes share this run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    """Checks whether this is the process that writes."""
    return not is_distributed() or os.environ["RANK"] == "0"


def shard(items: Sequence[T]) -> Sequence[T]:
    """Every process calls it with the same items, before any of them is done."""
    if not is_distributed():
        return items
    barrier()
    return items[int(os.environ["RANK"]) :: int(os.environ["WORLD_SIZE"])]


def barrier() -> None:
    if is_distributed():
        from numerate.training import distributed

        distributed.barrier()


def run_on_main(do: Callable[[], object]) -> None:
    """One process does it, and all wait until it is done. Raises in all of them what it raises."""
    agree_on_result(do if is_main() else lambda: None)


def write_part(
    path: Path, problems: Sequence[NamedT], make: Callable[[Sequence[NamedT]], list[Scored]]
) -> None:
    """Stores what `make` gives for the questions of a part, in their order and that of the rollouts. Several
    processes make a share each, and one puts the shares together: the file is the same."""
    if not is_distributed():
        write_rollouts(path, make(problems))
        return
    shares = [path.with_name(f"{path.stem}.share-{i}") for i in range(int(os.environ["WORLD_SIZE"]))]
    mine = shard(problems)
    here = shares[int(os.environ["RANK"])]
    agree_on_result(lambda: write_rollouts(here, make(mine) if mine else []))
    run_on_main(lambda: put_together(path, problems, shares))


def agree_on_result(make: Callable[[], T]) -> T:
    """Returns what `make` returns. Raises in every process where it raises in one, so that none waits."""
    if not is_distributed():
        return make()
    from numerate.training import distributed

    return distributed.agreed(make)


def put_together(path: Path, problems: Sequence[Named], shares: Sequence[Path]) -> None:
    order = {problem.id: i for i, problem in enumerate(problems)}
    rows = [scored for file in shares for scored in read_rollouts(file)]
    write_rollouts(path, sorted(rows, key=lambda s: (order[s.rollout.problem_id], s.rollout.index)))
    for file in shares:
        file.unlink()
