"""Rollouts that ended with a stop string and may go on: their keys and values outside the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from numerate.rollouts.local.backend import Backend, KeepingBackend

MOST_SUPPLIED = 64
"""tokens that a kept row is given one by one; more of them are faster as a prompt"""


@dataclass(frozen=True, slots=True)
class KeptRollout:
    ids: tuple[int, ...]
    """all its tokens, with the prompt's"""
    row: Any
    """what the backend keeps: keys and values of all but the last token"""

    def added(self, ids: Sequence[int]) -> int | None:
        """Returns how many tokens a prompt has behind these; None where it begins otherwise, or they are
        better run as a prompt."""
        added = len(ids) - len(self.ids)
        return added if 0 <= added <= MOST_SUPPLIED and tuple(ids[: len(self.ids)]) == self.ids else None


class KeptRows:
    """The kept rollouts of a request, by problem id and index."""

    def __init__(self, backend: Backend) -> None:
        self.backend = cast(KeepingBackend, backend)
        self.can_keep = isinstance(backend, KeepingBackend)
        self.by_name: dict[tuple[str, int], KeptRollout] = {}

    def keep(self, name: tuple[str, int], ids: Sequence[int], row: int) -> None:
        """Keeps a row of the batch, which is dropped after it."""
        self.by_name[name] = KeptRollout(tuple(ids), self.backend.take_out(row))

    def pop(self, name: tuple[str, int] | None) -> KeptRollout | None:
        return self.by_name.pop(name, None) if name else None

    def put_back(self, kept: KeptRollout) -> None:
        self.backend.put_back(kept.row)

    def free(self, kept: KeptRollout) -> None:
        self.backend.free_kept(kept.row)

    def free_all(self) -> None:
        for kept in self.by_name.values():
            self.free(kept)
        self.by_name.clear()
