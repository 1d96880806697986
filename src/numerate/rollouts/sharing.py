"""Work divided among the processes of a run: shares of problems, writes of the main process, barriers. No
torch where there is one process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from numerate.processes import is_distributed, is_main, process_count, rank
from numerate.store import read_rollouts, write_rollouts
from numerate.types import Scored

T = TypeVar("T")


class Named(Protocol):
    @property
    def id(self) -> str: ...


NamedT = TypeVar("NamedT", bound=Named)


def shard(items: Sequence[T]) -> Sequence[T]:
    """Returns this process's share of the items. All processes call it with the same items, before any is
    processed."""
    if not is_distributed():
        return items
    barrier()
    return items[rank() :: process_count()]


def barrier() -> None:
    if is_distributed():
        from numerate.training import distributed

        distributed.barrier()


def run_on_main(do: Callable[[], object]) -> None:
    """Calls a function in the main process, while the others wait. Its exception is raised in all of them."""
    agree_on_result(do if is_main() else lambda: None)


def value_of_main(make: Callable[[], Any]) -> Any:
    """Returns the JSON value that `make` returns in the main process, in all of them. Its exception is raised
    in all of them."""
    if not is_distributed():
        return make()
    from numerate.training import distributed

    mine = agree_on_result(lambda: json.dumps(make()) if is_main() else "")
    return json.loads(distributed.gather_texts(mine)[0])


def write_part(
    path: Path, problems: Sequence[NamedT], make: Callable[[Sequence[NamedT]], list[Scored]]
) -> None:
    """Stores the rollouts that `make` returns for the problems of a part, in the order of problems and
    rollouts. Several processes make a share each, and one combines the shares: the file is the same."""
    if not is_distributed():
        write_rollouts(path, make(problems))
        return
    shares = [path.with_name(f"{path.stem}.share-{i}") for i in range(process_count())]
    mine = shard(problems)
    own_share = shares[rank()]
    agree_on_result(lambda: write_rollouts(own_share, make(mine) if mine else []))
    run_on_main(lambda: put_together(path, problems, shares))


def agree_on_result(make: Callable[[], T]) -> T:
    """Returns what `make` returns. Raises in every process where it raises in one, so that none waits."""
    if not is_distributed():
        return make()
    from numerate.training import distributed

    return distributed.agree_on_result(make)


def put_together(path: Path, problems: Sequence[Named], shares: Sequence[Path]) -> None:
    order = {problem.id: i for i, problem in enumerate(problems)}
    rows = [scored for file in shares for scored in read_rollouts(file)]
    write_rollouts(path, sorted(rows, key=lambda s: (order[s.rollout.problem_id], s.rollout.index)))
    for file in shares:
        file.unlink()
