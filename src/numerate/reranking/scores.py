"""Samples with their answers, verdicts and scores, as selection takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numerate import answers
from numerate.credit import aggregate
from numerate.metrics import Candidates
from numerate.types import Group, Scorer

Scores = Mapping[tuple[str, int], Sequence[float]]
"""(problem id, index) -> the scores of the sample's steps; an outcome reward model gives one"""


@dataclass(frozen=True, slots=True)
class Judged:
    """The samples at each problem with one score per sample."""

    ids: tuple[str, ...]
    candidates: tuple[Candidates, ...]


def scored_by(scorer: Scorer, groups: Sequence[Group]) -> dict[tuple[str, int], tuple[float, ...]]:
    """Returns (problem id, index) -> the scores of every sample."""
    by_rollout: dict[tuple[str, int], tuple[float, ...]] = {}
    for group in groups:
        texts = [scored.rollout.solution for scored in group.rollouts]
        results = scorer.score([group.problem] * len(texts), texts)
        for scored, each in zip(group.rollouts, results, strict=True):
            by_rollout[group.problem.id, scored.rollout.index] = each.scores
    return by_rollout


def judged_groups(groups: Sequence[Group], scores: Scores | None, how: str = "last") -> Judged:
    """Returns the candidates of every problem, with their scores. Raises ValueError where groups differ in
    size, and for a sample without scores."""
    sizes = {len(group.rollouts) for group in groups}
    if len(sizes) != 1:
        raise ValueError(f"problems with {sorted(sizes)} samples: give the same number for each problem")
    return Judged(
        tuple(group.problem.id for group in groups),
        tuple(_candidates(group, scores, how) for group in groups),
    )


def _candidates(group: Group, scores: Scores | None, how: str) -> Candidates:
    clusters = answers.cluster([scored.rollout.answer for scored in group.rollouts], group.problem.kind)
    correct = [bool(scored.reward.value) for scored in group.rollouts]
    if scores is None:
        return Candidates(clusters, correct)
    keys = [(group.problem.id, scored.rollout.index) for scored in group.rollouts]
    missing = next((key for key in keys if key not in scores), None)
    if missing is not None:
        raise ValueError(
            f"sample {missing[1]} of problem {missing[0]!r} has no scores: score all samples, or none"
        )
    return Candidates(clusters, correct, [aggregate(scores[key], how) for key in keys])


def labels_of(groups: Sequence[Group]) -> dict[tuple[str, int], list[bool | None]]:
    """Returns the oracle's labels of the samples that it has marked: unverifiable steps count as not
    wrong."""
    return {
        (group.problem.id, scored.rollout.index): [
            None if step.label is None else step.label != "wrong" for step in scored.rollout.steps
        ]
        for group in groups
        for scored in group.rollouts
        if scored.rollout.steps
    }
