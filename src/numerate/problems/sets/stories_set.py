"""Dataset `stories`: problems of the embedded world, made on request.

There are as many as anyone needs, so a bare split is a stretch of a fixed size from its beginning, and a
slice such as `stories/train[20000:30000]` may lie anywhere."""

from __future__ import annotations

from functools import lru_cache

from numerate.problems.dataset import SplitKind, kind_of
from numerate.types import Problem

SIZES = {"train": 2000, "validation": 200, "test": 500, "test-templates": 500, "test-longer": 200}
REMEMBERED = 12_000
"""problems that are kept in memory, so that slices that overlap make each of theirs once; 50 MB"""


@lru_cache(REMEMBERED)
def make_problem(split: str, index: int) -> Problem:
    """Returns one problem of a split: the same object wherever it is asked for again."""
    from numerate.problems.stories import generate

    return next(generate(split, index, 1))


class Stories:
    name = "stories"
    about = "generated word problems with solutions and labels of every step"
    default = "test"
    generated = True
    """the problems depend on the code alone"""

    @property
    def kinds(self) -> dict[str, SplitKind]:
        return {split: kind_of(split) for split in SIZES}

    def problems(self, split: str, start: int = 0, stop: int | None = None) -> list[Problem]:
        """Returns the problems [start, stop) of the split's endless sequence; without stop, up to the split's
        size."""
        end = max(start, SIZES[split]) if stop is None else stop
        made = (make_problem(split, index) for index in range(start, end))
        return list({problem.id: problem for problem in made}.values())  # short stories may come twice

    def check(self, split: str) -> None:
        """Checks nothing: stories are generated."""

    def at_hand(self, split: str) -> bool:
        return True


SET = Stories()
