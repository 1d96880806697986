# pyright: strict
"""Seats: a scratch folder, a user id and Landlock rules that one child after another uses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from numerate.interpreter.landlock import make_ruleset
from numerate.interpreter.plan import LayerPlan, user_of
from numerate.interpreter.scratch import empty_folder, make_folder, remove_folder


@dataclass(slots=True)
class Seat:
    folder: bytes
    user: int
    ruleset: int


class SeatShare(NamedTuple):
    """Seats of a supervisor: every one whose number divided by `of` leaves `number`."""

    number: int
    of: int
    family: int
    """process number of the zygote, by which user ids differ"""


class Seats:
    """Seats of one supervisor; made when none is free, for it may have thousands of sessions."""

    def __init__(self, plan: LayerPlan, base: str, share: SeatShare, readable: Sequence[str]) -> None:
        self.plan, self.base, self.readable = plan, base, readable
        self.share = share
        self.free: list[Seat] = []
        self.made = 0

    def take(self) -> Seat:
        """Returns a free seat, its folder empty."""
        return self.free.pop() if self.free else self.make()

    def make(self) -> Seat:
        index = self.made * self.share.of + self.share.number
        self.made += 1
        folder = os.fsencode(os.path.join(self.base, f"{index}"))
        user = user_of(index, self.share.family) if self.plan.other_user else -1
        remove_folder(folder)  # of a supervisor that was killed
        make_folder(folder, user if self.plan.other_user else None)
        abi = self.plan.landlock
        ruleset = make_ruleset(folder, self.readable, abi) if abi else -1
        return Seat(folder, user, ruleset)

    def put_back(self, seat: Seat) -> None:
        """Empties a seat, for the next child. One that cannot be emptied is not used again."""
        try:
            empty_folder(seat.folder)
        except OSError:
            self.discard(seat)
        else:
            self.free.append(seat)

    def discard(self, seat: Seat) -> None:
        if seat.ruleset >= 0:
            os.close(seat.ruleset)

    def remove(self) -> None:
        """Removes the folders of all free seats."""
        for seat in self.free:
            remove_folder(seat.folder)
            self.discard(seat)
        self.free.clear()
