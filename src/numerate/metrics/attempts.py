# pyright: strict
"""Metrics of the n attempts at one problem. Averages over problems are the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from numerate.metrics.votes import chance_of_right_vote
from numerate.selection import NO_ANSWER, largest_clusters
from numerate.steps import trace


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that at least one of k attempts, drawn without replacement from n of which c are right, is
    right.

    1 - C(n-c, k) / C(n, k): the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374), equation 1.
    Computed in whole numbers and rounded once. Raises ValueError unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of n={n} attempts, c={c} right: needs 0 <= c <= n and 1 <= k <= n")
    if k == n or n - c < k:
        return float(c > 0)
    ways = comb(n, k)
    return (ways - comb(n - c, k)) / ways


def maj_at_k(clusters: Sequence[int], correct: Sequence[bool], k: int) -> float:
    """Expected accuracy of the majority vote of k of the n attempts.

    clusters: an id per attempt, equal for equal answers, -1 for no answer (which does not vote); correct:
    is the attempt right. A cluster counts as right when its first member is.

    For k = n this is the vote itself, 1.0 or 0.0, ties to the first to appear. For k < n it is the exact
    mean over all ordered choices of k attempts, each voting by the same rule: no subsets are sampled, so
    there is no noise and no seed, and maj@1 is the share of right attempts. Raises ValueError unless 1 <= k
    <= n.
    """
    _check(clusters, correct)
    if not 1 <= k <= len(clusters):
        raise ValueError(f"maj@{k} of {len(clusters)} attempts: needs 1 <= k <= the number of attempts")
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
    """MajK@n: is one of the k largest clusters right? k = 1 is the majority vote; a large k is pass@n.

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
            f"{len(clusters)} cluster ids and {len(correct)} verdicts: give one of each per attempt"
        )


def diversity(solutions: Sequence[str], correct: Sequence[bool] | None = None) -> dict[str, int]:
    """Returns how many different attempts there are: {"exact": different texts, "trace": different sequences
    of calculations}.

    Havrilla et al. 2024 (arXiv 2403.04642). Texts are compared without blanks at their ends; all
    attempts without any calculation share one trace. With `correct` only the right attempts count.
    """
    if correct is not None:
        solutions = [text for text, hit in zip(solutions, correct, strict=True) if hit]
    return {"exact": len({text.strip() for text in solutions}), "trace": len(set(map(trace, solutions)))}
