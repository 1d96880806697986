"""Loads the scorer of the option `judge`, and scores rollouts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from numerate.types import Group, NotFinite, Scorer, StepScores

if TYPE_CHECKING:
    from numerate.rollouts.job import Job

ScoresPerRollout = Sequence[StepScores | None]
"""of each rollout, in the order of the groups; None without a scorer"""


def judge_kind(name: str) -> Literal["oracle", "folder", "stage"]:
    """Returns the kind of a judge. A folder has a slash in its name, which stages cannot have."""
    return "oracle" if name == "oracle" else "folder" if "/" in name else "stage"


def load_scorer(name: str | None, job: Job, every: bool = False) -> Scorer | None:
    """Returns the scorer of that name, None for None. every: an outcome reward model scores every prefix
    of steps. Raises ValueError where there is none."""
    from numerate import judges

    if name is None:
        return None
    if judge_kind(name) == "oracle":
        return judges.Oracle()
    path = Path(name) if judge_kind(name) == "folder" else job.stage_folder(name) / "model"
    return judges.load(path, device=job.device, dtype=job.dtype, every=every)


def score_groups(scorer: Scorer | None, groups: Sequence[Group]) -> ScoresPerRollout:
    """Returns the scores of every rollout. A score that is not finite is one that could not be measured;
    raises NotFinite where all of them are."""
    flat = [(group.problem, scored.rollout.solution) for group in groups for scored in group.rollouts]
    if not scorer:
        return [None] * len(flat)
    scores = scorer.score([problem for problem, _ in flat], [text for _, text in flat])
    if scores and not any(map(is_measured, scores)):
        raise NotFinite(
            f"the reward model's scores of all {len(flat)} rollouts are not finite: train it again "
            "with a lower learning rate, or set dtype: float32"
        )
    return scores


def is_measured(scores: StepScores) -> bool:
    return all(map(math.isfinite, scores.scores))


def step_ends(text: str, step_scores: StepScores) -> list[int]:
    """Returns where in the text each score belongs; one of the whole belongs to the end."""
    if len(step_scores.steps) == len(step_scores.scores):
        return [step.end for step in step_scores.steps]
    return [len(text)] * len(step_scores.scores)


def finite_scores(step_scores: ScoresPerRollout) -> list[float]:
    """Returns all finite scores."""
    return [score for entry in step_scores if entry for score in entry.scores if math.isfinite(score)]
