"""Rollouts at the problems, graded and stored: what judges are trained on. Nothing is trained here.

The settings are those of Liu et al. 2023 (arXiv:2310.10047): 64 solutions per problem, temperature 0.6,
top-p 0.95, from the fine-tuned generator itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numerate import training
from numerate.curricula import PrefixedProblem
from numerate.methods.shared import rollout_metrics
from numerate.methods.shared.options import Sample
from numerate.methods.shared.sampling import sample_groups
from numerate.options import config
from numerate.types import Group, Stats

if TYPE_CHECKING:
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"rollouts"})
VERSION = 2


@config
class Config:
    sample: Sample = Sample(problems=None, rollouts=64, temperature=0.6, top_p=0.95)
    """sampling, of the first `problems` problems"""

    def __post_init__(self) -> None:
        self.sample.require_not_ahead()


def train(run: training.Stage, cfg: Config, job: Job) -> None:
    """Leaves the rollouts in `rollouts/`; the stage has no model of its own."""
    engine = job.engine(job.load(job.model))
    problems = [PrefixedProblem(problem) for problem in job.problems[: cfg.sample.problems]]
    for _ in run.rounds(1):
        groups = sample_groups(run, job, engine, problems, cfg.sample, 0, "round-000")
        shares = [of_group(group) for group in groups]
        means = {name: math.fsum(share[name] for share in shares) / len(shares) for name in shares[0]}
        run.log(means | {"rollouts/count": float(cfg.sample.rollouts * len(shares))})


def of_group(group: Group) -> Stats:
    """Returns shares of a problem's rollouts: right, and without a readable end. Groups are of one size."""
    right = sum(bool(scored.reward.value) for scored in group.rollouts)
    return {"rollouts/accuracy": right / len(group.rollouts)} | rollout_metrics.ending_stats(group.rollouts)
