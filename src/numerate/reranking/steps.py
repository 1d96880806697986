"""A step scorer against labels of the same steps, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numerate import metrics
from numerate.metric_rows import Row, metric_row, score_rows, share_row
from numerate.reranking.scores import Scores

Labels = Mapping[tuple[str, int], Sequence[bool | None]]
"""(problem id, index) -> whether the step is right, None where unknown"""


def step_results(
    labels: Labels,
    scores: Scores,
    *,
    judge: str,
    threshold: float = 0.5,
) -> list[Row]:
    """Returns rows of step scores against labels of the same steps by people or the oracle; None is unknown.

        first_error_f1, _found, _none   ProcessBench's F1 and its two accuracies, on solutions
                                        with a known first error
        step_auc                        area over all labelled steps
        step_precision, step_recall     of the wrong steps, by position

    A step is predicted wrong where its score is below the threshold, which is chosen on other solutions
    (`metrics.choose_threshold`).

    Raises:
        ValueError: a solution has not one score per step.
    """
    keys = [key for key in labels if len(labels[key])]
    truth, step_scores = [list(labels[key]) for key in keys], [list(scores[key]) for key in keys]
    places = metrics.by_position(step_scores, truth, threshold)
    rows: list[Row] = []
    pairs = [
        (_first_error(t), metrics.first_error(s, threshold)) for t, s in zip(truth, step_scores, strict=True)
    ]
    pairs = [(expected, called) for expected, called in pairs if expected is not None]
    if {expected == -1 for expected, _ in pairs} == {True, False}:
        rows += _first_errors([called for _, called in pairs], [expected for expected, _ in pairs])
    flat = [
        (score, right, key[0])
        for key, t, s in zip(keys, truth, step_scores, strict=True)
        for right, score in zip(t, s, strict=True)
        if right is not None
    ]
    rows += score_rows("step scores", flat)
    for position in places:
        for name, value in (("step_precision", position.precision), ("step_recall", position.recall)):
            if value is not None:
                group = str(position.position + 1)
                rows.append(metric_row(name, value, (None, None), position.n, by="position", group=group))
    return [each | {"judge": judge} for each in rows]


def threshold_on(labels: Labels, scores: Scores) -> float | None:
    """Returns the threshold with the best F1 of first errors on these solutions, None where all of them are
    right, or all are wrong."""
    labelled = [(scores[key], at) for key in labels if (at := _first_error(labels[key])) is not None]
    if {at == -1 for _, at in labelled} != {True, False}:
        return None
    return metrics.choose_threshold([step_scores for step_scores, _ in labelled], [at for _, at in labelled])


def _first_error(labels: Sequence[bool | None]) -> int | None:
    """Returns the first wrong step; None where an unknown step might be the first wrong one."""
    for index, label in enumerate(labels):
        if label is None:
            return None
        if not label:
            return index
    return -1


def _first_errors(predicted: Sequence[int], labels: Sequence[int]) -> list[Row]:
    accuracy = metrics.first_error_f1(predicted, labels)
    hits = [(p == label, label) for p, label in zip(predicted, labels, strict=True)]
    return [
        metric_row("first_error_f1", accuracy.f1, (None, None), len(labels)),
        share_row("first_error_found", [hit for hit, label in hits if label != -1]),
        share_row("first_error_none", [hit for hit, label in hits if label == -1]),
    ]
