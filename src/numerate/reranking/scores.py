"""Attempts with their answers, verdicts and scores, as selection takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numerate.answers import cluster
from numerate.credit import aggregate
from numerate.metrics import Candidates
from numerate.types import Group, Scorer

Scores = Mapping[tuple[str, int], Sequence[float]]
"""(problem id, index) -> the scores of the attempt's steps; an outcome judge gives one"""


@dataclass(frozen=True, slots=True)
class Judged:
    """The attempts at each problem with one score per attempt."""

    ids: tuple[str, ...]
    candidates: tuple[Candidates, ...]


def scored_by(scorer: Scorer, groups: Sequence[Group]) -> dict[tuple[str, int], tuple[float, ...]]:
    """Returns a judge's scores of the steps of every rollout, by problem and index."""
    by_rollout: dict[tuple[str, int], tuple[float, ...]] = {}
    for group in groups:
        texts = [scored.rollout.solution for scored in group.attempts]
        results = scorer.score([group.problem] * len(texts), texts)
        for scored, each in zip(group.attempts, results, strict=True):
            by_rollout[group.problem.id, scored.rollout.index] = each.scores
    return by_rollout


def judged_groups(groups: Sequence[Group], scores: Scores | None, how: str = "last") -> Judged:
    """Raises ValueError where groups differ in size, and for an attempt without scores."""
    sizes = {len(group.attempts) for group in groups}
    if len(sizes) != 1:
        raise ValueError(f"problems with {sorted(sizes)} attempts: give the same number for each problem")
    return Judged(
        tuple(group.problem.id for group in groups),
        tuple(_candidates(group, scores, how) for group in groups),
    )


def _candidates(group: Group, scores: Scores | None, how: str) -> Candidates:
    clusters = cluster([scored.rollout.answer for scored in group.attempts], group.problem.kind)
    correct = [bool(scored.reward.value) for scored in group.attempts]
    if scores is None:
        return Candidates(clusters, correct)
    keys = [(group.problem.id, scored.rollout.index) for scored in group.attempts]
    missing = next((key for key in keys if key not in scores), None)
    if missing is not None:
        raise ValueError(
            f"attempt {missing[1]} at problem {missing[0]!r} has no scores: score every attempt, or none"
        )
    return Candidates(clusters, correct, [aggregate(scores[key], how) for key in keys])


def labels_of(groups: Sequence[Group]) -> dict[tuple[str, int], list[bool | None]]:
    """The oracle's labels of the attempts that it has marked: unverifiable steps count as not wrong."""
    return {
        (group.problem.id, scored.rollout.index): [
            None if step.label is None else step.label != "wrong" for step in scored.rollout.steps
        ]
        for group in groups
        for scored in group.attempts
        if scored.rollout.steps
    }
