"""Every strategy of selection with a judge's scores, and the judge itself, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from numerate import metrics
from numerate.metric_rows import Row, accuracy_row, metric_row, powers_of_two
from numerate.metrics.rerank_accuracy import (
    LIMITED,
    Curves,
    best_limit,
    by_limit,
    cross_validated,
    strategy_curves,
)
from numerate.reranking.scores import Judged, Scores, judged_groups
from numerate.selection import STRATEGIES, Strategy
from numerate.types import Group

ROC_POINTS = 60


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
    attempts = powers_of_two(len(judged.candidates[0].clusters))
    values = strategy_curves(judged.candidates, attempts, attempts, subsets=subsets, seed=seed)
    chosen_on: Curves | None = None
    if validation is not None:
        there = judged_groups(*validation, how).candidates
        most = min(attempts[-1], len(there[0].clusters))
        chosen_on = strategy_curves(
            there, [k for k in attempts if k <= most], attempts, subsets=subsets, seed=seed
        )
    rows: list[Row] = []
    for strategy in STRATEGIES:
        if strategy in LIMITED:
            rows += _limited(strategy, values, attempts, chosen_on, [_half(id) for id in judged.ids])
        elif strategy != "majority":
            rows += [accuracy_row(f"{strategy}_at_k", values[strategy, k, None], k) for k in attempts]
    return [each | {"judge": judge} for each in rows + _quality(judged)]


def _half(problem_id: str) -> bool:
    return sha256(problem_id.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 1


def _limited(
    strategy: Strategy,
    values: Curves,
    attempts: Sequence[int],
    chosen_on: Curves | None,
    half: Sequence[bool],
) -> list[Row]:
    rows: list[Row] = []
    for k in attempts:
        options = by_limit(values, strategy, k)
        there = by_limit(chosen_on, strategy, k) if chosen_on is not None else {}
        if there:
            limit = best_limit(there).limit
            rows.append(accuracy_row(f"{strategy}_at_k", options[limit], k, limit=limit))
        elif len(set(half)) == 2:
            rows.append(accuracy_row(f"{strategy}_at_k", cross_validated(options, half), k))
    everything = by_limit(values, strategy, attempts[-1])
    rows += [accuracy_row(f"{strategy}_by_limit", each, limit) for limit, each in everything.items()]
    top = best_limit(everything).limit
    return [*rows, accuracy_row(f"{strategy}_optimistic", everything[top], attempts[-1], limit=top)]


def _quality(judged: Judged) -> list[Row]:
    """Of the score as a prediction: what cannot be measured (all right, no probabilities) has no row."""
    score = [s for problem in judged.candidates for s in problem.scores or ()]
    right = [bool(c) for problem in judged.candidates for c in problem.correct]
    member = [id for id, p in zip(judged.ids, judged.candidates, strict=True) for _ in p.clusters]
    rows: list[Row] = []
    if len(set(right)) == 2:
        area = metrics.auc_interval(score, right, member)
        rows.append(metric_row("auc", area.value, (area.low, area.high), area.n))
        points = metrics.roc(score, right)
        step = -(-len(points) // ROC_POINTS)
        kept = [*points[:-1:step], points[-1]]
        rows += [metric_row("roc", p.true_positives, (None, None), area.n, x=p.false_positives) for p in kept]
    if any(len(set(map(bool, p.correct))) == 2 for p in judged.candidates):
        within = metrics.auc_within(score, right, member)
        rows.append(metric_row("auc_within", within.value, (within.low, within.high), within.n))
    if all(0 <= s <= 1 for s in score):
        for name, value in (
            ("ece", metrics.ece(score, right)),
            ("ece_mass", metrics.ece(score, right, equal="mass")),
            ("brier", metrics.brier(score, right)),
        ):
            rows.append(metric_row(name, value, (None, None), len(score)))
        rows += [
            metric_row("reliability", b.right, (b.low, b.high), b.n, x=b.score)
            for b in metrics.reliability(score, right)
        ]
    return rows


def cross_table(rows: Sequence[Row], metric: str) -> dict[str, dict[str, float]]:
    """judge -> model -> value at the most attempts: does a judge that was trained on one model's attempts
    help with another's (Liu et al. 2023, table 6)? Rows are those of one problem set and name their model."""
    best: dict[str, dict[str, Row]] = {}
    for each in rows:
        if each["metric"] == metric and "judge" in each:
            models = best.setdefault(each["judge"], {})
            if each["model"] not in models or models[each["model"]]["k"] < each["k"]:
                models[each["model"]] = each
    return {judge: {model: row["value"] for model, row in models.items()} for judge, models in best.items()}
