# pyright: strict
"""Accuracy of a strategy of `numerate.selection` with m of G samples: the mean over random choices of m.

A number at m < G samples must not depend on which samples happen to come first. The mean over all choices
of m without replacement, in random order, is unbiased for the accuracy of m fresh samples, like pass@k of
Chen et al. 2021 (arXiv 2107.03374). For RR.All it has a closed form, and so it has for the majority vote
(`maj_at_k`); for the other strategies it is taken over R seeded choices, each the beginning of the next
larger m's, so that curves over m are smooth. m = G is the strategy itself on the samples in their order, as
`select` does it.

Letters: R choices, A samples with an answer, C clusters. Samples stand cluster by cluster, in each by
score, so that counts, sums, maxima and medians of clusters are reductions of stretches. Scores are rounded to
a fixed grain (2^-47 for 64 scores in [0, 1]) and added as whole numbers: equal sums tie in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, frexp

import numpy as np
from numpy.typing import NDArray

from numerate.metrics.samples import Candidates
from numerate.selection import NO_ANSWER

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
OUT = np.iinfo(np.int64).min
"""the key of what was not drawn; below every other"""


@dataclass(frozen=True, slots=True)
class _Samples:
    """Those with an answer, cluster by cluster, the lowest score first."""

    position_A: Ints
    """in the order in which they were drawn"""
    start_C: Ints
    right_C: Bools
    grain_A: Ints
    """scores as whole numbers"""
    rank_A: Ints
    """of the score among the different scores; the highest is the best"""
    total: int
    """G, with those without an answer"""


class Subsets:
    """Random choices of the samples at one problem, and what each strategy makes of them."""

    def __init__(self, candidates: Candidates, subsets: int, seed: Sequence[int]) -> None:
        self._of = _samples(candidates)
        self._candidates = candidates
        random = np.random.default_rng(list(seed))
        whole_G = np.arange(self._of.total)
        self._order_RG = random.permuted(np.tile(whole_G, (subsets, 1)), axis=1)
        self._whole_1G = whole_G[None]

    def rerank_all(self, m: int) -> float:
        if m == self._of.total:
            return self.topk("rerank_topk", m, [m])[0]
        return rerank_at_k(self._candidates, m)

    def topk(self, strategy: str, m: int, ks: Sequence[int]) -> list[float]:
        """Returns rerank_topk or weighted_topk for each number of clusters; a large one is rerank_all or
        weighted."""
        if not self._of.total or not len(self._of.position_A):
            return [0.0] * len(ks)
        keys = _Keys(self._of, self._places(m))
        order_RC = np.argsort(-keys.size_RC, axis=1)
        merit_RC = keys.best_RC if strategy == "rerank_topk" else keys.weight_RC
        merit_RC = np.take_along_axis(merit_RC, order_RC, axis=1)
        any_R = keys.drawn_RA.any(axis=1)
        accuracies: list[float] = []
        for k in ks:
            winner_R = np.argmax(merit_RC[:, :k], axis=1)
            cluster_R = np.take_along_axis(order_RC, winner_R[:, None], axis=1)[:, 0]
            accuracies.append(float((self._of.right_C[cluster_R] & any_R).mean()))
        return accuracies

    def outlier_free(self, m: int) -> float:
        if not self._of.total or not len(self._of.position_A):
            return 0.0
        keys = _Keys(self._of, self._places(m))
        merit_RC = keys.medians(self._of)
        several: Bools = np.max(keys.count_RC, axis=1, keepdims=True) > 1
        merit_RC = np.where((keys.count_RC == 1) & several, OUT, merit_RC)
        winner_R = np.argmax(merit_RC, axis=1)
        return float((self._of.right_C[winner_R] & keys.drawn_RA.any(axis=1)).mean())

    def topn(self, m: int, ns: Sequence[int]) -> list[float]:
        """Returns majority_topn for each number of best-scored candidates; a large one is not the majority
        vote: ties go by score."""
        if not self._of.total or not len(self._of.position_A):
            return [0.0] * len(ns)
        keys = _Keys(self._of, self._places(m))
        # 0 is the best; undrawn come last
        position_RA = np.argsort(np.argsort(-keys.score_RA, axis=1), axis=1)
        any_R = keys.drawn_RA.any(axis=1)
        first_RC = np.minimum.reduceat(position_RA, self._of.start_C, axis=1)
        accuracies: list[float] = []
        for n in ns:
            voting_RA = keys.drawn_RA & (position_RA < n)
            votes_RC = np.add.reduceat(voting_RA.astype(np.int64), self._of.start_C, axis=1)
            winner_R = np.argmax(votes_RC * (self._of.total + 1) - first_RC, axis=1)
            accuracies.append(float((self._of.right_C[winner_R] & any_R).mean()))
        return accuracies

    def _places(self, m: int) -> tuple[Ints, int]:
        """Returns (position of every sample in each choice, m)."""
        if not 1 <= m <= self._of.total:
            raise ValueError(f"{m} of {self._of.total} samples: needs 1 <= m <= the number of samples")
        order_RG = self._whole_1G if m == self._of.total else self._order_RG
        return order_RG[:, self._of.position_A], m


class _Keys:
    """Whole numbers whose order is the order of preference, ties broken by first appearance in the choice."""

    def __init__(self, of: _Samples, choice: tuple[Ints, int]) -> None:
        position_RA, m = choice
        base = of.total + 1
        self.drawn_RA: Bools = position_RA < m
        count_RC = np.add.reduceat(self.drawn_RA.astype(np.int64), of.start_C, axis=1)
        first_RC = np.minimum.reduceat(position_RA, of.start_C, axis=1)
        self.count_RC: Ints = count_RC
        self.first_RC: Ints = first_RC
        self.size_RC: Ints = count_RC * base - first_RC
        self.score_RA: Ints = np.where(self.drawn_RA, of.rank_A * base - position_RA, -base - position_RA)
        best_RC = np.maximum.reduceat(self.score_RA, of.start_C, axis=1)
        sum_RC = np.add.reduceat(np.where(self.drawn_RA, of.grain_A, 0), of.start_C, axis=1)
        self.best_RC: Ints = np.where(count_RC > 0, best_RC, OUT)
        self.weight_RC: Ints = np.where(count_RC > 0, sum_RC * base - first_RC, OUT)

    def medians(self, of: _Samples) -> Ints:
        """Returns median times size, times two to stay whole: the middle score twice, or the two middle
        ones."""
        upto_RA = np.cumsum(self.drawn_RA, axis=1, dtype=np.int64)
        before_RC = np.concatenate([np.zeros((len(upto_RA), 1), np.int64), upto_RA], axis=1)[:, of.start_C]
        lengths = np.diff(of.start_C, append=len(of.position_A))
        nth_RA = upto_RA - np.repeat(before_RC, lengths, axis=1)
        count_RA = np.repeat(self.count_RC, lengths, axis=1)
        low_RA = self.drawn_RA & (nth_RA == (count_RA + 1) // 2)
        high_RA = self.drawn_RA & (nth_RA == count_RA // 2 + 1)
        middle_RA = (low_RA.astype(np.int64) + high_RA) * of.grain_A
        middle_RC = np.add.reduceat(middle_RA, of.start_C, axis=1)
        merit_RC = middle_RC * self.count_RC * (of.total + 1) - self.first_RC
        return np.where(self.count_RC > 0, merit_RC, OUT)


def _samples(candidates: Candidates) -> _Samples:
    clusters = np.asarray(candidates.clusters, dtype=np.int64)
    scores = np.zeros(len(clusters)) if candidates.scores is None else np.asarray(candidates.scores, float)
    answered = np.flatnonzero(clusters != NO_ANSWER)
    position_A = answered[np.lexsort((scores[answered], clusters[answered]))]
    ids_C, start_C = np.unique(clusters[position_A], return_index=True)
    right = candidates.right
    rank_A = np.unique(scores[position_A], return_inverse=True)[1].reshape(-1)
    return _Samples(
        position_A,
        start_C,
        np.array([right[int(cluster)] for cluster in ids_C], dtype=np.bool_),
        _grains(scores[position_A], len(clusters)),
        rank_A.astype(np.int64),
        len(clusters),
    )


def _grains(scores_A: NDArray[np.float64], total: int) -> Ints:
    """Returns scores as multiples of the finest power of two for which 2 G (G + 1) of them stay below
    2^62."""
    most = 2.0 * float(np.abs(scores_A).max(initial=0)) * total * (total + 2)
    if not most:
        return np.zeros(len(scores_A), dtype=np.int64)
    return np.rint(np.ldexp(scores_A, 61 - frexp(most)[1])).astype(np.int64)


def rerank_at_k(candidates: Candidates, k: int) -> float:
    """Returns the expected accuracy of the best-scored of k of the G samples (rerank@k), exactly.

    With t right or wrong samples at the same score and b better ones, the choice is one of the t with chance
    [C(G-b, k) - C(G-b-t, k)] / C(G, k), and any of them alike. Candidates without an answer are never chosen.
    Raises ValueError unless 1 <= k <= G and there are scores.
    """
    total, scores = len(candidates.clusters), candidates.scores
    if scores is None:
        raise ValueError("rerank@k needs a score per sample")
    if not 1 <= k <= total:
        raise ValueError(f"rerank@{k} of {total} samples: needs 1 <= k <= the number of samples")
    right = candidates.right
    levels: dict[float, list[bool]] = {}
    for cluster, score in zip(candidates.clusters, scores, strict=True):
        if cluster != NO_ANSWER:
            levels.setdefault(score, []).append(right[cluster])
    left, chance = total, 0.0
    for score in sorted(levels, reverse=True):
        hits = levels[score]
        ways = comb(left, k) - comb(left - len(hits), k)
        chance += ways / comb(total, k) * (sum(hits) / len(hits))
        left -= len(hits)
    return chance
