# pyright: strict
"""Labels of the prefixes of a solution, k = 1 .. K steps: from its outcome or its continuations."""

from __future__ import annotations

from collections.abc import Sequence


def broadcast_outcome(correct: bool, steps: int) -> list[bool]:
    """Returns the label of the whole for every prefix: the targets of an outcome reward model.

    Havrilla et al. 2024 (arXiv 2403.04642).
    """
    return [bool(correct)] * steps


def completable_prefixes(successes: Sequence[Sequence[bool | int]]) -> list[bool]:
    """Returns per prefix whether any continuation is right: the targets of a stepwise outcome model.

    Havrilla et al. 2024 (arXiv 2402.10963, GLoRe): an estimate of whether the best policy still reaches the
    answer, too low with few continuations.

    Raises:
        ValueError: a prefix has no continuations.
    """
    return [any(continuations) for continuations in _tried(successes)]


def good_prefixes(successes: Sequence[Sequence[bool | int]], threshold: float = 0.5) -> list[bool]:
    """Returns per prefix whether the share of right continuations is at least the threshold.

    Havrilla et al. 2024 (arXiv 2403.04642), appendix A: [GOOD] and [BAD] of return-conditioned training.

    Raises:
        ValueError: a prefix has no continuations.
    """
    return [sum(map(bool, each)) / len(each) >= threshold for each in _tried(successes)]


def make_monotone(labels: Sequence[bool]) -> list[bool]:
    """Returns the labels with False from the first False on: an unreachable answer stays unreachable."""
    return [all(labels[: k + 1]) for k in range(len(labels))]


def _tried(successes: Sequence[Sequence[bool | int]]) -> Sequence[Sequence[bool | int]]:
    for k, continuations in enumerate(successes, start=1):
        if not len(continuations):
            raise ValueError(f"prefix {k} has no continuations: sample at least one from each prefix")
    return successes
