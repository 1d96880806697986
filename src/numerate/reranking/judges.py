"""Every strategy of selection with a scorer's scores, and metrics of the scorer itself, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from numerate.metric_rows import Row, accuracy_row, powers_of_two, score_rows
from numerate.metrics.rerank_accuracy import (
    LIMITED,
    Curves,
    best_limit,
    by_limit,
    cross_validated,
    strategy_curves,
)
from numerate.reranking.scores import Scores, judged_groups
from numerate.selection import STRATEGIES, Strategy
from numerate.types import Group


def selection_results(
    groups: Sequence[Group],
    scores: Scores,
    *,
    judge: str,
    how: str = "last",
    validation: tuple[Sequence[Group], Scores] | None = None,
    subsets: int = 64,
    seed: int = 0,
) -> list[Row]:
    """Returns rows of every strategy with these scores, and of the scores themselves. All have `judge`.

        <strategy>_at_k         accuracy with k samples; K and N as chosen below: `limit`
        <strategy>_by_limit     with all samples, at K or N = k
        <strategy>_optimistic   with all samples and the best K or N on these problems: `limit`
        auc, ece, ece_mass, brier, roc, reliability (`x`, value)
                                of the score as a probability of a right answer
        auc_within              a right sample above a wrong one of the same problem

    K and N are chosen on the validation problems; without these, on one half of the problems for the other
    (halves by id, so the same for all models and scorers). how: the aggregate of step scores
    (`numerate.credit.aggregate`).

    Raises:
        ValueError: a sample has no score, or problems have different numbers of samples.
    """
    judged = judged_groups(groups, scores, how)
    samples = powers_of_two(len(judged.candidates[0].clusters))
    values = strategy_curves(judged.candidates, samples, samples, subsets=subsets, seed=seed)
    chosen_on: Curves | None = None
    if validation is not None:
        there = judged_groups(*validation, how).candidates
        most = min(samples[-1], len(there[0].clusters))
        chosen_on = strategy_curves(
            there, [k for k in samples if k <= most], samples, subsets=subsets, seed=seed
        )
    rows: list[Row] = []
    for strategy in STRATEGIES:
        if strategy in LIMITED:
            rows += _limited(strategy, values, samples, chosen_on, [_half(id) for id in judged.ids])
        elif strategy != "majority":
            rows += [accuracy_row(f"{strategy}_at_k", values[strategy, k, None], k) for k in samples]
    scored = [
        (score, bool(correct), id)
        for id, problem in zip(judged.ids, judged.candidates, strict=True)
        for score, correct in zip(problem.scores or (), problem.correct, strict=True)
    ]
    rows += score_rows("scores", scored)
    return [row | {"judge": judge} for row in rows]


def _half(problem_id: str) -> bool:
    return sha256(problem_id.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 1


def _limited(
    strategy: Strategy,
    values: Curves,
    samples: Sequence[int],
    chosen_on: Curves | None,
    half: Sequence[bool],
) -> list[Row]:
    rows: list[Row] = []
    for k in samples:
        options = by_limit(values, strategy, k)
        there = by_limit(chosen_on, strategy, k) if chosen_on is not None else {}
        if there:
            limit = best_limit(there).limit
            rows.append(accuracy_row(f"{strategy}_at_k", options[limit], k, limit=limit))
        elif len(set(half)) == 2:
            rows.append(accuracy_row(f"{strategy}_at_k", cross_validated(options, half), k))
    everything = by_limit(values, strategy, samples[-1])
    rows += [accuracy_row(f"{strategy}_by_limit", each, limit) for limit, each in everything.items()]
    top = best_limit(everything).limit
    return [*rows, accuracy_row(f"{strategy}_optimistic", everything[top], samples[-1], limit=top)]


def cross_table(rows: Sequence[Row], metric: str) -> dict[str, dict[str, float]]:
    """Returns scorer -> model -> value at the most samples: whether a scorer trained on a model's samples
    helps with another's (Liu et al. 2023, table 6). The rows are of one problem set and name their model."""
    best: dict[str, dict[str, Row]] = {}
    for each in rows:
        if each["metric"] == metric and "judge" in each:
            models = best.setdefault(each["judge"], {})
            if each["model"] not in models or models[each["model"]]["k"] < each["k"]:
                models[each["model"]] = each
    return {judge: {model: row["value"] for model, row in models.items()} for judge, models in best.items()}
