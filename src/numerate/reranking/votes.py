"""Metric rows of samples and votes that need no scorer."""

from __future__ import annotations

from collections.abc import Sequence

from numerate import metrics
from numerate.metric_rows import Row, accuracy_row, candidate_rows, metric_row, powers_of_two
from numerate.reranking.scores import judged_groups
from numerate.types import Group

HISTOGRAM_BARS = 10
BY_SHARE = "share of samples"


def vote_rows(groups: Sequence[Group], ks: Sequence[int]) -> list[Row]:
    """Returns the rows sampled_accuracy, and pass_at_k and maj_at_k for each k."""
    problems = judged_groups(groups, None).candidates
    n = len(problems[0].clusters)
    rows = [accuracy_row("sampled_accuracy", [sum(p.correct) / n for p in problems], k=n)]
    return rows + candidate_rows("k samples", problems, ks)


def cluster_rows(groups: Sequence[Group]) -> list[Row]:
    """Returns rows of the clusters of answers.

        majk_at_n          one of the k largest clusters is right (k = 1 is the vote)
        scored_share       share of the samples in the k largest clusters
        right_share        by share of the samples: problems whose right answer has that share
        right_share_lost   the same among problems with a wrong vote and a right sample
        right_to_top       by ratio: size of the right cluster over the largest, same problems

    The rows need no scores.
    """
    problems = judged_groups(groups, None).candidates
    rows = candidate_rows("k clusters", problems, powers_of_two(len(problems[0].clusters)))
    lost = [
        (metrics.right_share(p), ratio) for p in problems if (ratio := metrics.right_to_top(p)) is not None
    ]
    rows += _histogram("right_share", [metrics.right_share(p) for p in problems])
    rows += _histogram("right_share_lost", [share for share, _ in lost], top=0.5)
    rows += _histogram("right_to_top", [ratio for _, ratio in lost])
    return rows


def _histogram(metric: str, values: Sequence[float], top: float = 1.0) -> list[Row]:
    """Returns one row per bar, its share of the problems; none where there are no values."""
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
