"""Selection among N samples of one problem: majority vote and re-ranking by scores.

Liu et al. 2023 (arXiv 2310.10047), equations 14-19. Samples are cluster ids, equal for equal answers and -1
for no answer (`numerate.answers.cluster`). The paper leaves open: a sample without an answer neither votes
nor is chosen, and the first to appear wins a tie. `outlier_free` follows Liao et al. 2024 (arXiv 2401.08190,
MARIO), who describe it in words only: the rule here is ours.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Literal, get_args

Strategy = Literal[
    "majority",
    "rerank_all",
    "rerank_topk",
    "weighted",
    "weighted_topk",
    "majority_topn",
    "outlier_free",
]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

NO_ANSWER = -1


def select(
    strategy: str,
    clusters: Sequence[int],
    scores: Sequence[float] | None = None,
    k: int | None = None,
    n: int | None = None,
) -> int | None:
    """Returns the index of the chosen sample, None where none has an answer.

    S: score, X_K: the k largest clusters.

        majority       Maj1        a member of the largest cluster                     (18)
        rerank_all     RR.All      argmax S(X)                                         (14)
        rerank_topk    RR.MajK     argmax S(X) over X in X_K                           (15)
        weighted       W.RR        a member of the cluster with the largest sum of S   (16)
        weighted_topk  W.RR.MajK   the same within X_K                                 (17)
        majority_topn  Maj1.TopN   majority among the n best-scored samples            (19)
        outlier_free               a member of the cluster with the largest
                                   median of S times its size, without
                                   clusters of one where there are larger ones

    Where a cluster wins, its best-scored member is chosen, its first one without scores. Ties go to the
    cluster, and in it the sample, that appears first; in majority_topn samples appear in the order of their
    scores.

    Args:
        strategy: a name of the table.
        clusters: cluster id per sample, -1 for no answer.
        scores: a score per sample; `majority` needs none.
        k: number of clusters, of the strategies that end in `topk`.
        n: number of samples, of `majority_topn`.

    Raises:
        ValueError: the strategy is unknown; scores are missing, not finite or not one per sample; k or n is
            missing.
    """
    _check(strategy, clusters, scores, k, n)
    voting = [i for i, cluster in enumerate(clusters) if cluster != NO_ANSWER]
    if not voting:
        return None
    score = list(scores) if scores is not None else [0.0] * len(clusters)
    if strategy == "majority_topn":
        voting = sorted(voting, key=lambda i: -score[i])[:n]
    elif strategy in ("rerank_topk", "weighted_topk"):
        kept = set(largest_clusters(clusters, k or 0))
        voting = [i for i in voting if clusters[i] in kept]
    elif strategy == "outlier_free":
        voting = _repeated(clusters, voting)
    if strategy.startswith("rerank"):
        return max(voting, key=score.__getitem__)
    members = _members(clusters, voting)

    def weight(cluster: int) -> float:
        if strategy.startswith("weighted"):
            return math.fsum(score[i] for i in members[cluster])  # rounded once: equal sums tie in any order
        if strategy == "outlier_free":
            return median(score[i] for i in members[cluster]) * len(members[cluster])
        return len(members[cluster])

    return max(members[max(members, key=weight)], key=score.__getitem__)


def _check(
    strategy: str, clusters: Sequence[int], scores: Sequence[float] | None, k: int | None, n: int | None
) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown selection strategy {strategy!r}: use one of {', '.join(STRATEGIES)}")
    if scores is None and strategy != "majority":
        raise ValueError(f"strategy {strategy!r} needs a score per candidate: give scores, or use 'majority'")
    if scores is not None and len(scores) != len(clusters):
        raise ValueError(f"{len(scores)} scores for {len(clusters)} candidates: give one score per candidate")
    if scores is not None and not all(map(math.isfinite, scores)):
        raise ValueError("a score is not a finite number: drop candidates without a score")
    for suffix, name, value in (("_topk", "k", k), ("_topn", "n", n)):
        if strategy.endswith(suffix) and (value is None or value < 1):
            raise ValueError(f"strategy {strategy!r} needs {name} >= 1, not {value}")


def _members(clusters: Sequence[int], candidates: Sequence[int]) -> dict[int, list[int]]:
    """Maps clusters to their samples; both in the order in which they appear."""
    members: dict[int, list[int]] = {}
    for i in candidates:
        members.setdefault(clusters[i], []).append(i)
    return members


def _repeated(clusters: Sequence[int], voting: Sequence[int]) -> list[int]:
    """Returns the samples whose answer others have too; all where there are none."""
    times = Counter(clusters[i] for i in voting)
    return [i for i in voting if times[clusters[i]] > 1] or list(voting)


def largest_clusters(clusters: Sequence[int], k: int) -> list[int]:
    """Returns the ids of the k largest clusters, the largest first; equal ones in the order of appearance."""
    voting = [i for i, cluster in enumerate(clusters) if cluster != NO_ANSWER]
    members = _members(clusters, voting)
    return sorted(members, key=lambda cluster: -len(members[cluster]))[:k]


def is_tied(clusters: Sequence[int]) -> bool:
    """Checks whether only the order of appearance decided the majority vote."""
    first_two = largest_clusters(clusters, 2)
    return len(first_two) == 2 and clusters.count(first_two[0]) == clusters.count(first_two[1])


def scored_fraction(strategy: str, clusters: Sequence[int], k: int | None = None) -> float:
    """Returns the share of the samples that need a score, in [0, 1]: 0 for majority, |X_K| / N within the k
    largest clusters, the share of the voting samples for outlier_free, else 1.

    Its mean over problems is the cost ratio of figure 1, right, of Liu et al. 2023.

    Raises:
        ValueError: the strategy is unknown, or k is missing.
    """
    _check(strategy, clusters, [0.0] * len(clusters), k, n=1)
    if strategy == "majority" or not clusters:
        return 0.0
    if strategy == "outlier_free":
        return len(_repeated(clusters, [i for i, c in enumerate(clusters) if c != NO_ANSWER])) / len(clusters)
    if not strategy.endswith("_topk"):
        return 1.0
    kept = set(largest_clusters(clusters, k or 0))
    return sum(cluster in kept for cluster in clusters) / len(clusters)
