"""A step scorer on a set of labelled steps, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numerate.metric_rows import Row, score_rows
from numerate.problems.labelled import labelled_steps
from numerate.progress import Progress
from numerate.reranking.rerank import Judge
from numerate.reranking.steps import step_results
from numerate.rollouts.sharing import barrier, shard
from numerate.store import identity_hash, keep_if_same, read_jsonl, write_jsonl
from numerate.types import LabelledSolution

LABELLED = "labelled"
"""what rows name as the model: the solutions are other people's"""


def on_labelled(
    judge: Judge, name: str, limit: int | None, identity: str, folder: Path, progress: Progress
) -> list[Row]:
    """Scores what is not scored yet, then the rows of `marked_results`, which name the set as their problems.

    identity: the set's. folder: where the scores go."""
    rows = list(labelled_steps.load(name, limit=limit))
    keep_if_same(folder, identity_hash([judge.identity, identity]))
    target = folder / "part-00000.jsonl"
    for path in shard([target] if not target.exists() else []):
        scorer: Any = judge.load()
        with progress.task(f"{judge.name} reads {name}", total=len(rows), unit="solutions") as task:
            scored = scorer.marked(rows)
            task.advance(len(rows))
        write_jsonl(path, [{"scores": solution.scores} for solution in scored])
    barrier()
    scores = [row["scores"] for row in read_jsonl(target)]
    about = {"model": LABELLED, "problems": name}
    return [about | row for row in marked_results(rows, scores, judge=judge.name)]


def marked_results(
    rows: Sequence[LabelledSolution], scores: Sequence[Sequence[float]], *, judge: str, threshold: float = 0.5
) -> list[Row]:
    """Returns the rows of `step_results`, and of the scores as predictions of "right":

    step_ece, step_brier, step_reliability     over all labelled steps

    A neutral step counts as not wrong. Solutions that the judge has not read to their end are left out.
    Raises ValueError where nothing is left."""
    whole = [
        (solution, step_scores)
        for solution, step_scores in zip(rows, scores, strict=True)
        if len(solution.steps) == len(step_scores)
    ]
    if not whole:
        raise ValueError(
            f"none of {len(rows)} solutions fits into the reward model's context: train one with a "
            "larger max_length"
        )
    labels: dict[tuple[str, int], list[bool | None]] = {}
    scores_of: dict[tuple[str, int], Sequence[float]] = {}
    for index, (solution, step_scores) in enumerate(whole):
        key = (solution.problem.id, index)
        labels[key] = [None if label is None else label != -1 for label in solution.labels]
        scores_of[key] = step_scores
    results = step_results(labels, scores_of, judge=judge, threshold=threshold)
    flat = [
        (score, label, key[0])
        for key in labels
        for score, label in zip(scores_of[key], labels[key], strict=True)
        if label is not None
    ]
    return results + [row | {"judge": judge} for row in score_rows("labelled steps", flat)]
