# pyright: strict
"""The exact chance that a majority vote of k samples, drawn without replacement from n, is right.

Draw the samples one by one with probability p = k/n each: the number x_j that falls into cluster j is then
binomial and independent of the others, and conditioned on their sum being k the draw is exactly k of n. So

    P(cluster c wins) = sum_m P(x_c = m) * [z^(k-m)] E_u prod_{j != c} Q_jm(z, u) / P(sum = k)
    Q_jm(z, u)        = sum_{x < m} P(x_j = x) z^x  +  u P(x_j = m) z^m

where u in [0, 1] is the place of c among the clusters that tie at m: the earliest of t + 1 equal ones with
chance 1 / (t + 1) = E u^t. E_u is a Gauss-Legendre rule with enough nodes to be exact, the coefficient a
discrete Fourier transform. Our own derivation; every term is a probability, so nothing overflows or cancels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Waves = NDArray[np.complex128]


@lru_cache(maxsize=65536)
def chance_of_right_vote(right: tuple[int, ...], wrong: tuple[int, ...], silent: int, k: int) -> float:
    """Returns the chance that the vote of k of n samples is right. right, wrong: sizes of the clusters with
    the right and with wrong answers; silent: samples that do not vote; 0 < k < n. Problems share few such
    tables, hence the cache."""
    n = sum(right) + sum(wrong) + silent
    if not right:
        return 0.0
    if not wrong and not silent:
        return 1.0
    if k == 1:
        return sum(right) / n
    total = 0.0
    for index, size in enumerate(right):
        total += _wins(size, right[:index] + right[index + 1 :] + wrong, silent, k)
    return min(1.0, total)


def _wins(size: int, others: tuple[int, ...], silent: int, k: int) -> float:
    """Returns the chance that a cluster of this size wins against those of the other sizes."""
    n = size + sum(others) + silent
    z_NW = _roots_of_unity(n)
    silent_W = _binomial(silent, k / n) @ z_NW[: silent + 1]
    total = 0.0
    for nodes, votes_M in _by_nodes(size, others, silent, k):
        node_U, weight_U = _legendre(nodes)
        product_MUW = np.broadcast_to(silent_W, (len(votes_M), nodes, len(silent_W)))
        for other, count in Counter(others).items():
            below_NW, at_NW = _partial_sums(other, n, k)
            x_M = np.minimum(votes_M, other + 1)
            product_MUW = product_MUW * (below_NW[x_M, None] + node_U[:, None] * at_NW[x_M, None]) ** count
        mean_MW = np.einsum("muw,u->mw", product_MUW, weight_U)
        rest_M = np.fft.irfft(mean_MW, n, axis=1)[np.arange(len(votes_M)), k - votes_M]
        total += float(_binomial(size, k / n)[votes_M] @ rest_M)
    return total / float(_binomial(n, k / n)[k])


def _by_nodes(
    size: int, others: tuple[int, ...], silent: int, k: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yields the numbers of votes m that can win, grouped by how many nodes make E_u exact for them: a rule
    of q nodes is exact to the power 2q - 1, and at most k/m - 1 others, all of size m or more, can tie."""
    fewest = max(1, -(-(k - silent) // (len(others) + 1)))  # with fewer votes, some other cluster has more
    groups: dict[int, list[int]] = {}
    for m in range(fewest, min(size, k) + 1):
        ties = min(sum(other >= m for other in others), k // m - 1)
        groups.setdefault(1 << (ties // 2).bit_length(), []).append(m)  # ties // 2 + 1, up to a power of two
    for nodes, votes in groups.items():
        yield nodes, np.array(votes)


def _partial_sums(size: int, n: int, k: int) -> tuple[Waves, Waves]:
    """Returns for m = 0 .. size + 1 and each root z: the sum of P(x) z^x over x < m, and P(m) z^m."""
    at_NW: Waves = _binomial(size, k / n)[:, None] * _roots_of_unity(n)[: size + 1]
    none_W = np.zeros((1, at_NW.shape[1]), dtype=np.complex128)
    return np.concatenate([none_W, np.cumsum(at_NW, axis=0)]), np.concatenate([at_NW, none_W])


@lru_cache(maxsize=16)
def _roots_of_unity(n: int) -> Waves:
    """Returns z^x for x = 0 .. n - 1 and half of the roots z; the other half are their complex conjugates."""
    return np.exp(-2j * np.pi / n * np.outer(np.arange(n), np.arange(n // 2 + 1)))


@lru_cache(maxsize=64)
def _legendre(nodes: int) -> tuple[Floats, Floats]:
    """Returns nodes and weights of the Gauss-Legendre rule on [0, 1]."""
    node_U, weight_U = np.polynomial.legendre.leggauss(nodes)
    return (node_U + 1) / 2, weight_U / 2


@lru_cache(maxsize=4096)
def _binomial(n: int, p: float) -> Floats:
    """Returns P(x) of x = 0 .. n successes; 0 < p < 1."""
    x = range(n + 1)
    ways = (lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) for i in x)
    return np.array([exp(w + i * log(p) + (n - i) * log(1 - p)) for w, i in zip(ways, x, strict=True)])
