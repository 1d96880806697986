"""`stories` in the shape of a dataset: the problems of the embedded world are made when they are asked for.

There are as many as anyone needs, so a bare split is a stretch of a fixed size from its beginning, and a
slice such as `stories/train[20000:30000]` may lie anywhere."""

from __future__ import annotations

from numerate.problems.dataset import SplitKind, kind_of
from numerate.types import Problem

SIZES = {"train": 10_000, "validation": 500, "test": 1000, "test-templates": 1000, "test-longer": 1000}


class Stories:
    name = "stories"
    about = "word problems made on the spot, with solutions; the truth of every step is known"
    default = "test"

    @property
    def kinds(self) -> dict[str, SplitKind]:
        return {split: kind_of(split) for split in SIZES}

    def problems(self, split: str, start: int = 0, stop: int | None = None) -> list[Problem]:
        """The problems [start, stop) of the split's endless sequence; without stop, up to the split's
        size."""
        from numerate.problems.stories import generate

        end = max(start, SIZES[split]) if stop is None else stop
        return list(generate(split, start, max(0, end - start)))

    def check(self, split: str) -> None:
        """Nothing can be missing."""

    def at_hand(self, split: str) -> bool:
        return True


SET = Stories()
