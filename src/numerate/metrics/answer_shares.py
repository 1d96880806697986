# pyright: strict
"""Shares of the answers among the samples of a problem, and the share that an evaluator has to read.

Liu et al. 2023 (arXiv 2310.10047), figures 1, 3 and 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from numerate.metrics.samples import Candidates, majk
from numerate.selection import largest_clusters, scored_fraction


@dataclass(frozen=True, slots=True)
class Bar:
    """Values in [low, high), the last bar with its end."""

    low: float
    high: float
    count: int


def cost_ratio(strategy: str, problems: Iterable[Candidates], k: int | None = None) -> float:
    """Returns the mean share of the candidates that an evaluator must score (figure 1, right): |X_K| / G for
    the K largest clusters, 1 for all others but the majority vote, which needs none.

    Raises ValueError for no problems, an unknown strategy and a missing k."""
    shares = [scored_fraction(strategy, problem.clusters, k) for problem in problems]
    if not shares:
        raise ValueError("no problems to average over: the problem set is empty")
    return fmean(shares)


def oracle_curve(problems: Iterable[Candidates], ks: Sequence[int]) -> dict[int, list[bool]]:
    """Returns K -> per problem, whether one of the K largest clusters is right (figure 3). K = 1 is the
    majority vote, a large K is pass@G."""
    hits: dict[int, list[bool]] = {k: [] for k in ks}
    for problem in problems:
        for k in ks:
            hits[k].append(majk(problem.clusters, problem.correct, k))
    return hits


def right_share(candidates: Candidates) -> float:
    """Returns the share of the samples with the right answer (figure 4, first). Raises ValueError for no
    samples."""
    if not len(candidates.clusters):
        raise ValueError("a problem without samples has no share of right ones")
    right = candidates.right
    return sum(right.get(cluster, False) for cluster in candidates.clusters) / len(candidates.clusters)


def right_to_top(candidates: Candidates) -> float | None:
    """Returns the size of the largest right cluster over that of the largest one (figure 4, second), where
    the vote is lost although there is a right answer; None otherwise."""
    right, clusters = candidates.right, list(candidates.clusters)
    top = largest_clusters(clusters, 1)
    if not top or right[top[0]] or not any(right.values()):
        return None
    most = max(clusters.count(cluster) for cluster, hit in right.items() if hit)
    return most / clusters.count(top[0])


def histogram(values: Iterable[float], bars: int = 10, top: float = 1.0) -> list[Bar]:
    """Returns equal bars over [0, top]; values above top count in the last. Raises ValueError for no bars and
    for negative values."""
    if bars < 1 or top <= 0:
        raise ValueError(f"a histogram of {bars} bars up to {top}: needs bars >= 1 and top > 0")
    counts = [0] * bars
    for value in values:
        if not value >= 0:
            raise ValueError(f"{value} in a histogram of shares: needs values >= 0")
        counts[min(bars - 1, int(value / top * bars + 1e-12))] += 1
    return [Bar(i * top / bars, (i + 1) * top / bars, count) for i, count in enumerate(counts)]
