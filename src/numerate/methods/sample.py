"""Attempts at the problems, graded and stored: what judges are trained on. Nothing is trained here.

The settings are those of Liu et al. 2023 (arXiv:2310.10047): 64 solutions per problem, temperature 0.6,
top-p 0.95, from the fine-tuned generator itself.
"""

from __future__ import annotations

import math

from numerate import training
from numerate.methods import watching
from numerate.rollouts.collect import collect
from numerate.rollouts.job import Job
from numerate.typed import AtLeast0, AtLeast1, Positive, Share, config
from numerate.types import Group, Sampling, Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"rollouts"})
VERSION = 2


@config
class Config:
    samples: AtLeast1 = 64
    """attempts per problem"""
    temperature: Positive = 0.6
    """of the sampling"""
    top_p: Share = 0.95
    """of the sampling"""
    top_k: AtLeast0 = 0
    """of the sampling; 0 keeps all tokens"""
    max_tokens: AtLeast1 = 256
    """longest rollout; longer ones are truncated, and wrong unless grade_truncated"""
    grade_truncated: bool = False
    """a rollout truncated at max_tokens may be right by its text; otherwise it never is"""


def train(run: training.Stage, cfg: Config, job: Job) -> None:
    """Leaves the attempts in `rollouts/`; the stage has no model of its own."""
    params = Sampling(cfg.temperature, cfg.top_p, cfg.top_k, cfg.max_tokens, seed=run.seed)
    folder = run.folder / "rollouts" / "round-000"
    engine = job.engine(job.load(job.model))
    for _ in run.rounds(1):
        groups = collect(
            folder,
            engine,
            job.problems,
            cfg.samples,
            params,
            job.style,
            run.progress,
            grade_truncated=cfg.grade_truncated,
        )
        shares = [of_group(group) for group in groups]
        means = {name: math.fsum(share[name] for share in shares) / len(shares) for name in shares[0]}
        run.log(means | {"rollouts/attempts": float(cfg.samples * len(shares))})


def of_group(group: Group) -> Stats:
    """Returns shares of a problem's rollouts: right, and without a readable end. Groups are of one size."""
    right = sum(bool(scored.reward.value) for scored in group.attempts)
    return {"rollouts/accuracy": right / len(group.attempts)} | watching.ends(group.attempts)
