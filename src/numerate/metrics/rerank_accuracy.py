# pyright: strict
"""Accuracy of the strategies of `numerate.selection` over problems: against the number of samples, against K
and N, and with K and N chosen where they may be chosen.

Liu et al. 2023 (arXiv 2310.10047), figure 1 and table 7. Their table takes the best K and N on the test set
itself; here that number is called optimistic, and `choose_limit` is meant for validation problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from numerate.metrics.samples import Candidates, maj_at_k
from numerate.metrics.subsets import Subsets
from numerate.selection import STRATEGIES, Strategy, select

LIMITED: tuple[Strategy, ...] = ("rerank_topk", "weighted_topk", "majority_topn")
"""the strategies with a limit: K clusters, or N best-scored candidates"""

Curves = dict[tuple[Strategy, int, int | None], list[float]]
"""(strategy, samples, limit) -> one expected accuracy per problem; limit is None where there is none"""


@dataclass(frozen=True, slots=True)
class LimitChoice:
    limit: int
    """K or N"""
    accuracy: float


def strategy_outcomes(
    strategy: str, problems: Iterable[Candidates], k: int | None = None, n: int | None = None
) -> list[bool]:
    """Returns per problem whether the strategy selects a right answer among all samples. No answer is wrong.

    Raises ValueError like `numerate.selection.select`."""
    outcomes: list[bool] = []
    for problem in problems:
        chosen = select(strategy, problem.clusters, problem.scores, k, n)
        outcomes.append(chosen is not None and problem.right[problem.clusters[chosen]])
    return outcomes


def strategy_curves(
    problems: Iterable[Candidates],
    samples: Sequence[int],
    limits: Sequence[int],
    *,
    strategies: Sequence[Strategy] = STRATEGIES,
    subsets: int = 64,
    seed: int = 0,
) -> Curves:
    """Returns the expected accuracy of every strategy with each number of samples and each K or N, problem by
    problem.

    The problems are read once, one after the other, and only numbers are kept. Fewer samples than a problem
    has are drawn at random (`numerate.metrics.subsets`); the draws depend on the seed and on the problem's
    place. Raises ValueError for a problem with fewer samples than asked for, and for missing scores.
    """
    chosen: list[Strategy] = [strategy for strategy in STRATEGIES if strategy in strategies]
    curves: Curves = {}
    for index, problem in enumerate(problems):
        if problem.scores is None and chosen != ["majority"]:
            raise ValueError(
                f"problem {index} has no scores: score its candidates, or ask for 'majority' only"
            )
        if max(samples) > len(problem.clusters):
            raise ValueError(
                f"problem {index} has {len(problem.clusters)} samples, fewer than {max(samples)}"
            )
        draws = Subsets(problem, subsets, (seed, index))
        for m in samples:
            for strategy in chosen:
                for limit, value in _values(strategy, problem, draws, m, limits).items():
                    curves.setdefault((strategy, m, limit), []).append(value)
    return curves


def _values(
    strategy: Strategy, problem: Candidates, draws: Subsets, m: int, limits: Sequence[int]
) -> dict[int | None, float]:
    """Returns limit -> expected accuracy; a limit above m is m, and occurs once."""
    if strategy == "majority":
        return {None: maj_at_k(problem.clusters, problem.correct, m)}
    if strategy == "rerank_all":
        return {None: draws.rerank_all(m)}
    if strategy == "weighted":
        return {None: draws.topk("weighted_topk", m, [m])[0]}
    if strategy == "outlier_free":
        return {None: draws.outlier_free(m)}
    below = [limit for limit in limits if limit <= m]
    values = draws.topn(m, below) if strategy == "majority_topn" else draws.topk(strategy, m, below)
    return dict(zip(below, values, strict=True))


def by_limit(curves: Curves, strategy: str, samples: int) -> dict[int, list[float]]:
    """Returns the values of one strategy at so many samples: K or N -> one per problem."""
    return {
        limit: values
        for (name, m, limit), values in curves.items()
        if name == strategy and m == samples and limit is not None
    }


def best_limit(values: Mapping[int, Sequence[float]]) -> LimitChoice:
    """Returns the limit with the highest mean; of equal ones the smallest, which is also the cheapest.

    Raises ValueError where there is none to choose from."""
    if not values or not all(len(each) for each in values.values()):
        raise ValueError("no problem or no limit: give at least one of each")
    limit = max(sorted(values), key=lambda limit: fmean(values[limit]))
    return LimitChoice(limit, fmean(values[limit]))


def choose_limit(strategy: str, validation: Sequence[Candidates], limits: Sequence[int]) -> LimitChoice:
    """Returns the best K (rerank_topk, weighted_topk) or N (majority_topn) on validation problems, all their
    samples used. Its accuracy there is too good by the choice: measure on other problems with
    `strategy_outcomes`.

    Raises ValueError for a strategy without a limit and where there is nothing to choose from."""
    if strategy not in LIMITED:
        raise ValueError(f"strategy {strategy!r} has no K or N: use one of {', '.join(LIMITED)}")
    return best_limit(
        {x: [float(y) for y in strategy_outcomes(strategy, validation, k=x, n=x)] for x in limits}
    )


def optimistic_choice(strategy: str, test: Sequence[Candidates], limits: Sequence[int]) -> LimitChoice:
    """Returns the best K or N on the very problems that are measured, as in the paper's table 7: an upper
    bound, to be compared with that table and not reported as a result."""
    return choose_limit(strategy, test, limits)


def cross_validated(values: Mapping[int, Sequence[float]], half: Sequence[bool]) -> list[float]:
    """Returns per problem the value at the limit that is best on the *other* half of the problems: an
    unbiased result where there are no validation problems.

    half: which half each problem is in, the same for all scorers and models. Raises ValueError where one half
    is empty."""
    limits: dict[bool, int] = {}
    for side in (False, True):
        others = {x: [v for v, h in zip(each, half, strict=True) if h != side] for x, each in values.items()}
        limits[side] = best_limit(others).limit
    return [values[limits[side]][index] for index, side in enumerate(half)]
