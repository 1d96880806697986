# pyright: strict
"""The exact chance that a majority vote of k attempts, drawn without replacement from n, is right.

Draw the attempts one by one with probability p = k/n each: the number x_j that falls into cluster j is then
binomial and independent of the others, and conditioned on their sum being k the draw is exactly k of n. So

    P(cluster c wins) = sum_m P(x_c = m) * [z^(k-m)] E_u prod_{j != c} Q_jm(z, u) / P(sum = k)
    Q_jm(z, u)        = sum_{x < m} P(x_j = x) z^x  +  u P(x_j = m) z^m

where u in [0, 1] is the place of c among the clusters that tie at m: the earliest of t + 1 equal ones with
chance 1 / (t + 1) = E u^t. E_u is a Gauss-Legendre rule with enough nodes to be exact, the coefficient a
discrete Fourier transform. Our own derivation; every term is a probability, so nothing overflows or cancels.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@lru_cache(maxsize=65536)
def chance_of_right_vote(right: tuple[int, ...], wrong: tuple[int, ...], silent: int, k: int) -> float:
    """right, wrong: sizes of the clusters with the right and with wrong answers; silent: attempts that do
    not vote; 0 < k < n. Problems share few such tables, hence the cache."""
    n = sum(right) + sum(wrong) + silent
    if not right:
        return 0.0
    if not wrong and not silent:
        return 1.0
    if k == 1:
        return sum(right) / n
    total = 0.0
    for place, size in enumerate(right):
        total += _wins(size, right[:place] + right[place + 1 :] + wrong, silent, k)
    return min(1.0, total)


def _wins(size: int, others: tuple[int, ...], silent: int, k: int) -> float:
    n = size + sum(others) + silent
    fewest = max(1, -(-(k - silent) // (len(others) + 1)))  # with fewer votes some other cluster has more
    votes_M = np.arange(fewest, min(size, k) + 1)
    if not len(votes_M):
        return 0.0
    ties = min(len(others), k // fewest - 1)
    node_U, weight_U = np.polynomial.legendre.leggauss(ties // 2 + 1)
    node_U, weight_U = (node_U + 1) / 2, weight_U / 2

    waves = n // 2 + 1  # the other half of the spectrum is the complex conjugate
    z_NW = np.exp(-2j * np.pi / n * (np.arange(n)[:, None] * np.arange(waves)))
    pmf_N = _binomial(silent, k / n)
    product_MUW = np.broadcast_to(pmf_N @ z_NW[: silent + 1], (len(votes_M), len(node_U), waves))
    for other in sorted(set(others)):
        pmf_N = _binomial(other, k / n)
        terms_NW = pmf_N[:, None] * z_NW[: other + 1]
        below_NW = np.concatenate([np.zeros((1, waves)), np.cumsum(terms_NW, axis=0)])
        below_MW = below_NW[np.minimum(votes_M, other + 1)]
        at_MW = np.where((votes_M <= other)[:, None], terms_NW[np.minimum(votes_M, other)], 0)
        factor_MUW = below_MW[:, None] + node_U[:, None] * at_MW[:, None]
        product_MUW = product_MUW * factor_MUW ** others.count(other)
    mean_MW = np.einsum("muw,u->mw", product_MUW, weight_U)
    rest_M = np.fft.irfft(mean_MW, n, axis=1)[np.arange(len(votes_M)), k - votes_M]
    return float(_binomial(size, k / n)[votes_M] @ rest_M / _binomial(n, k / n)[k])


@lru_cache(maxsize=4096)
def _binomial(n: int, p: float) -> Floats:
    """P(x) of x = 0 .. n successes; 0 < p < 1."""
    x = range(n + 1)
    ways = (lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) for i in x)
    return np.array([exp(w + i * log(p) + (n - i) * log(1 - p)) for w, i in zip(ways, x, strict=True)])
