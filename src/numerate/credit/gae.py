# pyright: strict
"""Advantages by a learned value (Schulman et al. 2016, arXiv 1506.02438), and rewards on tokens. Plain
values: one number per sampled token."""

from __future__ import annotations

import math
from collections.abc import Sequence


def gae(rewards: Sequence[float], values: Sequence[float], gamma: float, lam: float) -> list[float]:
    """Returns generalised advantage estimates: `delta_t = r_t + gamma V_{t+1} - V_t`,
    `A_t = sum_l (gamma lam)^l delta_{t+l}`, with V = 0 after the end.

    Schulman et al. 2016, eq. 12 and 16. The critic's targets, the returns, are `A_t + V_t`.

    Args:
        rewards: one per token.
        values: V_t, one per token.
        gamma: discount.
        lam: 1 gives the discounted rewards to go minus V_t, 0 gives delta_t.

    Raises:
        ValueError: rewards and values have different lengths.
    """
    if len(rewards) != len(values):
        raise ValueError(f"{len(rewards)} rewards for {len(values)} values: give one of each per token")
    advantages = [0.0] * len(rewards)
    advantage = value_after = 0.0
    for t in reversed(range(len(rewards))):
        delta = rewards[t] + gamma * value_after - values[t]
        advantage = delta + gamma * lam * advantage
        advantages[t], value_after = advantage, values[t]
    return advantages


def whiten(values: Sequence[float], mask: Sequence[bool] | None = None, eps: float = 1e-8) -> list[float]:
    """Returns `(x - mean) / sqrt(var + eps)` over the numbers under the mask, var divided by n - 1; 0
    elsewhere.

    Padding does not enter the mean, as it does in trlX. A single number has no variance and becomes 0."""
    seen = [x for x, m in zip(values, mask or [True] * len(values), strict=True) if m]
    if not seen:
        return [0.0] * len(values)
    mean = math.fsum(seen) / len(seen)
    variance = math.fsum((x - mean) ** 2 for x in seen) / max(1, len(seen) - 1)
    scale = 1 / math.sqrt(variance + eps)
    return [(x - mean) * scale * m for x, m in zip(values, mask or [True] * len(values), strict=True)]


def k1(logp: Sequence[float], ref_logp: Sequence[float]) -> list[float]:
    """Returns `log pi - log pi_ref` per token. Its mean over the policy's rollouts is KL(pi || pi_ref); one
    value may be negative (Schulman 2020, "Approximating KL divergence")."""
    return [p - q for p, q in zip(logp, ref_logp, strict=True)]


def k2(logp: Sequence[float], ref_logp: Sequence[float]) -> list[float]:
    """Returns half the square of `k1` per token: never negative, biased, with low variance (Schulman
    2020)."""
    return [(p - q) ** 2 / 2 for p, q in zip(logp, ref_logp, strict=True)]


def k3(logp: Sequence[float], ref_logp: Sequence[float]) -> list[float]:
    """Returns `exp(q - p) - 1 - (q - p)` per token: the mean of `k1`, never negative (Schulman 2020)."""
    return [math.expm1(q - p) - (q - p) for p, q in zip(logp, ref_logp, strict=True)]


def on_tokens(
    tokens: int, ends: Sequence[int] = (), step_rewards: Sequence[float] = (), last: float = 0.0
) -> list[float]:
    """Returns rewards per token: those of steps on the last token of each, `last` on the last token of all.
    Rewards of steps that end on the same token add up."""
    placed = [0.0] * tokens
    for end, reward in zip(ends, step_rewards, strict=True):
        placed[end] += reward
    if tokens:
        placed[-1] += last
    return placed


def subtract_kl_penalty(rewards: Sequence[float], kl: Sequence[float], beta: float) -> list[float]:
    """Returns `r_t = R_t - beta KL_t` (Stiennon et al. 2020, arXiv 2009.01325), KL_t by `k1` or `k3`."""
    return [reward - beta * d for reward, d in zip(rewards, kl, strict=True)]


def best_of_n(rewards: Sequence[float], k: int) -> list[int]:
    """Returns the indices of the k rollouts with the highest rewards, ascending; of equal ones the first.

    Havrilla et al. 2024 (arXiv 2403.04642), best-K-of-N."""
    chosen = sorted(range(len(rewards)), key=lambda i: -rewards[i])[:k]
    return sorted(chosen)


def adapt_kl_coef(beta: float, kl: float, target: float, samples: int, horizon: int) -> float:
    """Returns the next KL coefficient, `beta (1 + e n / H)` with `e = clip(KL / target - 1, -0.2, 0.2)`.

    Ziegler et al. 2019 (arXiv 1909.08593), section 2.2, with the additive form of their code; n rollouts, H
    the horizon in rollouts."""
    error = min(max(kl / target - 1, -0.2), 0.2)
    return beta * (1 + error * samples / horizon)
