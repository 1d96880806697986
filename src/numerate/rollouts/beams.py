"""Beams of value-guided sampling: which partial solutions are kept, and how many next steps each gets
(Yu et al. 2024, "OVM", arXiv:2311.09724, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerate.types import Finish


@dataclass(frozen=True, slots=True)
class Candidate:
    text: str
    value: float
    finish: Finish | None = None
    """how it ended, None where it can be extended"""


def select_beams(candidates: Sequence[Candidate], beams: int) -> list[int]:
    """Returns the indices of the candidates with the highest values, at most `beams`, the best first.

    Of equal values the earlier candidate is kept. Of equal texts only the first counts: their values are
    equal, so they would fill the beams together, and the search would go on from one solution. Truncated
    candidates, which cannot be extended and are not complete, come after all others."""
    first: dict[tuple[str, bool], int] = {}
    for index, candidate in enumerate(candidates):
        first.setdefault((candidate.text, candidate.finish is None), index)
    return sorted(first.values(), key=lambda index: _rank(candidates[index]))[:beams]


def _rank(candidate: Candidate) -> tuple[bool, float]:
    return candidate.finish not in (None, "stop"), -candidate.value


def share_candidates(budget: int, beams: int) -> list[int]:
    """Returns how many next steps each beam gets: equally many, the better beams one more where they do not
    divide evenly."""
    each, more = divmod(budget, beams)
    return [each + (rank < more) for rank in range(beams)]
