# pyright: strict
"""Metrics of the n samples of one problem. Averages over problems are the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, isfinite

from numerate.metrics.votes import chance_of_right_vote
from numerate.selection import NO_ANSWER, largest_clusters
from numerate.steps import trace


@dataclass(frozen=True, slots=True)
class Candidates:
    """G samples at one problem, in the order in which they were drawn. Raises ValueError unless there is one
    of everything per sample and scores are finite."""

    clusters: Sequence[int]
    """equal for equal answers, -1 for no answer (`numerate.answers.cluster`)"""
    correct: Sequence[bool]
    scores: Sequence[float] | None = None
    """an evaluator's; None where there is none, which is enough for the majority vote"""

    def __post_init__(self) -> None:
        _check(self.clusters, self.correct)
        if self.scores is not None and len(self.scores) != len(self.clusters):
            raise ValueError(
                f"{len(self.scores)} scores for {len(self.clusters)} samples: give one score per sample"
            )
        if self.scores is not None and not all(map(isfinite, self.scores)):
            raise ValueError("a score is not a finite number: drop samples without a score")

    @property
    def right(self) -> dict[int, bool]:
        """Returns cluster -> whether its answer is right, by the grade of its first member."""
        verdicts: dict[int, bool] = {}
        for cluster, correct in zip(self.clusters, self.correct, strict=True):
            if cluster != NO_ANSWER:
                verdicts.setdefault(cluster, bool(correct))
        return verdicts


def pass_at_k(n: int, c: int, k: int) -> float:
    """Returns the chance that at least one of k samples, drawn without replacement from n of which c are
    right, is right.

    1 - C(n-c, k) / C(n, k): the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374), equation 1.
    Computed in whole numbers and rounded once. Raises ValueError unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of n={n} samples, c={c} right: needs 0 <= c <= n and 1 <= k <= n")
    if k == n or n - c < k:
        return float(c > 0)
    ways = comb(n, k)
    return (ways - comb(n - c, k)) / ways


def maj_at_k(clusters: Sequence[int], correct: Sequence[bool], k: int) -> float:
    """Returns the expected accuracy of the majority vote of k of the n samples.

    clusters: an id per sample, equal for equal answers, -1 for no answer (which does not vote); correct:
    is the sample right. A cluster counts as right when its first member is.

    For k = n this is the vote itself, 1.0 or 0.0, ties to the first to appear. For k < n it is the exact
    mean over all ordered choices of k samples, each voting by the same rule: no subsets are sampled, so
    there is no noise and no seed, and maj@1 is the share of right samples. Raises ValueError unless 1 <= k
    <= n.
    """
    _check(clusters, correct)
    if not 1 <= k <= len(clusters):
        raise ValueError(f"maj@{k} of {len(clusters)} samples: needs 1 <= k <= the number of samples")
    if k == len(clusters):
        return float(majk(clusters, correct, 1))
    sizes: dict[int, int] = {}
    right: dict[int, bool] = {}
    for cluster, hit in zip(clusters, correct, strict=True):
        sizes[cluster] = sizes.get(cluster, 0) + 1
        right.setdefault(cluster, hit)
    silent = sizes.pop(NO_ANSWER, 0)
    good = tuple(sorted(size for cluster, size in sizes.items() if right[cluster]))
    bad = tuple(sorted(size for cluster, size in sizes.items() if not right[cluster]))
    return chance_of_right_vote(good, bad, silent, k)


def majk(clusters: Sequence[int], correct: Sequence[bool], k: int) -> bool:
    """Returns MajK@n: whether one of the k largest clusters is right. k = 1 is the majority vote; a large k
    is pass@n.

    Liu et al. 2023 (arXiv 2310.10047), figure 3. Of equal clusters the first to appear counts as larger.
    Raises ValueError for k < 1.
    """
    _check(clusters, correct)
    if k < 1:
        raise ValueError(f"the {k} largest clusters: needs k >= 1")
    return any(correct[clusters.index(cluster)] for cluster in largest_clusters(clusters, k))


def _check(clusters: Sequence[int], correct: Sequence[bool]) -> None:
    if len(clusters) != len(correct):
        raise ValueError(
            f"{len(clusters)} cluster ids and {len(correct)} verdicts: give one of each per sample"
        )


def diversity(solutions: Sequence[str], correct: Sequence[bool] | None = None) -> dict[str, int]:
    """Counts different samples: {"exact": different texts, "trace": different sequences of
    calculations}.

    Havrilla et al. 2024 (arXiv 2403.04642). Texts are compared without blanks at their ends; all
    samples without any calculation share one trace. With `correct` only the right samples count.
    """
    if correct is not None:
        solutions = [text for text, hit in zip(solutions, correct, strict=True) if hit]
    return {"exact": len({text.strip() for text in solutions}), "trace": len(set(map(trace, solutions)))}
