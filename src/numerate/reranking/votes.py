"""Metric rows of samples and votes that need no judge."""

from __future__ import annotations

from collections.abc import Sequence

from numerate import metrics
from numerate.metric_rows import Row, accuracy_row, mean_row, metric_row, powers_of_two
from numerate.reranking.scores import judged_groups
from numerate.types import Group

HISTOGRAM_BARS = 10
BY_SHARE = "share of attempts"


def vote_rows(groups: Sequence[Group], ks: Sequence[int]) -> list[Row]:
    """sampled_accuracy, and pass_at_k and maj_at_k for each k."""
    problems = judged_groups(groups, None).candidates
    n = len(problems[0].clusters)
    rows = [mean_row("sampled_accuracy", [sum(p.correct) / n for p in problems], k=n)]
    for k in ks:
        rows.append(accuracy_row("pass_at_k", [metrics.pass_at_k(n, sum(p.correct), k) for p in problems], k))
        rows.append(
            accuracy_row("maj_at_k", [metrics.maj_at_k(p.clusters, p.correct, k) for p in problems], k)
        )
    return rows


def cluster_rows(groups: Sequence[Group]) -> list[Row]:
    """Returns the rows of the votes alone.

    majk_at_n              one of the k largest clusters is right (k = 1 is the vote itself)
    scored_share           share of the attempts in the k largest clusters, which is what a judge must read
    right_share            by share of attempts: problems whose right answer has that share
    right_share_lost       the same among problems whose vote is wrong though a right answer is there
    right_to_top           by ratio: size of the right cluster over the largest, among the same problems
    """
    problems = judged_groups(groups, None).candidates
    attempts = len(problems[0].clusters)
    rows: list[Row] = []
    for k, hits in metrics.oracle_curve(problems, powers_of_two(attempts)).items():
        rows.append(accuracy_row("majk_at_n", [float(hit) for hit in hits], k))
        rows.append(
            mean_row("scored_share", [metrics.cost_ratio("rerank_topk", [p], k) for p in problems], k)
        )
    lost = [
        (metrics.right_share(p), ratio) for p in problems if (ratio := metrics.right_to_top(p)) is not None
    ]
    rows += _histogram("right_share", [metrics.right_share(p) for p in problems])
    rows += _histogram("right_share_lost", [share for share, _ in lost], top=0.5)
    rows += _histogram("right_to_top", [ratio for _, ratio in lost])
    return rows


def _histogram(metric: str, values: Sequence[float], top: float = 1.0) -> list[Row]:
    """One row per bar, its share of the problems; none where there are no values."""
    return [
        metric_row(
            metric,
            bar.count / len(values),
            metrics.wilson(bar.count, len(values)),
            len(values),
            by=BY_SHARE,
            group=f"{100 * bar.low:g}-{100 * bar.high:g}%",
        )
        for bar in metrics.histogram(values, HISTOGRAM_BARS, top)
        if values
    ]
