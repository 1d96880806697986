# pyright: strict
"""Labels of the prefixes of a solution, k = 1 .. K steps: from its outcome or attempts to finish them."""

from __future__ import annotations

from collections.abc import Sequence


def broadcast_outcome(correct: bool, steps: int) -> list[bool]:
    """Every prefix has the label of the whole: the targets of an outcome judge.

    Havrilla et al. 2024 (arXiv 2403.04642).
    """
    return [bool(correct)] * steps


def completable_prefixes(successes: Sequence[Sequence[bool | int]]) -> list[bool]:
    """Per prefix: did any attempt that goes on from it end right? The targets of a stepwise outcome judge.

    Havrilla et al. 2024 (arXiv 2402.10963, GLoRe): an estimate of whether the best policy still gets there,
    too low where attempts are few. Raises ValueError for a prefix without attempts.
    """
    return [any(attempts) for attempts in _tried(successes)]


def good_prefixes(successes: Sequence[Sequence[bool | int]], threshold: float = 0.5) -> list[bool]:
    """Per prefix: is the share of the attempts from it that end right at least the threshold?

    Havrilla et al. 2024 (arXiv 2403.04642), appendix A: [GOOD] and [BAD] of return-conditioned training.
    Raises ValueError for a prefix without attempts.
    """
    return [sum(map(bool, attempts)) / len(attempts) >= threshold for attempts in _tried(successes)]


def make_monotone(labels: Sequence[bool]) -> list[bool]:
    """False from the first False on: what cannot be finished cannot be finished later either."""
    return [all(labels[: k + 1]) for k in range(len(labels))]


def _tried(successes: Sequence[Sequence[bool | int]]) -> Sequence[Sequence[bool | int]]:
    for k, attempts in enumerate(successes, start=1):
        if not len(attempts):
            raise ValueError(f"prefix {k} has no attempts to finish it: sample at least one from each prefix")
    return successes
