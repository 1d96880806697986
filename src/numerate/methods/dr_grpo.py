"""GRPO done right (Dr. GRPO: Liu et al. 2025, arXiv:2503.20783, section 3.2).

A_i   = r_i - mean(r)        over the G attempts at one question
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/G sum_i 1/L sum_t min(rho_t A_i, clip(rho_t, 1 - eps, 1 + eps) A_i)

Two divisions of GRPO are gone: by std(r), which favours questions that are almost always or almost never
solved, and by |o_i|, which makes long wrong attempts cheap. L is a constant, the longest attempt allowed,
as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from numerate import credit, training
from numerate.curricula import Curriculum
from numerate.methods import on_policy
from numerate.methods.on_policy import Fit, OnPolicy, Sample
from numerate.rewards.compose import Given
from numerate.rollouts.job import Job
from numerate.typed import AtLeast1, ModelName, NotNegative, Positive, config
from numerate.types import Example, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config:
    steps: AtLeast1 = 200
    """rounds of sampling and learning"""
    eps: Positive = 0.2
    """ratios are clipped to [1 - eps, 1 + eps]"""
    beta: NotNegative = 0.0
    """weight of the KL to the reference; the paper takes none"""
    kl: Literal["k1", "k2", "k3"] = "k3"
    """how the KL is estimated"""
    reference: ModelName | None = None
    """the model that the KL is taken to: `base`, a stage, or null for the one that this stage starts from"""
    rewards: Given = ("correct",)
    """what an attempt is worth: `correct`, functions by dotted path, each with a weight"""
    curriculum: Curriculum | None = None
    """which problems a step asks, and how much of their solutions is given; null: all in turn, from the
    start"""
    sample: Sample = Sample()
    """what is sampled in a step"""
    fit: Fit = Fit()
    """how a step learns from it"""

    def __post_init__(self) -> None:
        on_policy.compared(self.sample)


def advantages(rows: Sequence[Example]) -> list[float | None]:
    return [
        a
        for group in on_policy.groups(rows)
        for a in credit.group([row.row["reward"] for row in group], scale=False)
    ]


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    J_BT, clipped_BT = training.surrogate(rho_BT, batch.token["advantage"], cfg.eps, cfg.eps)
    J_BT, stats = training.less_kl(J_BT, batch, logp_BT, cfg.beta, cfg.kl)
    return -(batch.token["weight"] * J_BT).sum(), stats | training.moved(batch, logp_BT, clipped_BT)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = OnPolicy(run, job, cfg.sample, cfg.fit, cfg.rewards, cfg.curriculum)
    if cfg.beta:
        loop.freeze("ref_logp", cfg.reference or job.model)
    for step in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G attempts at each question from pi_old, grade them
        rows = loop.rows(loop.attempts())
        # 2. compare each with its group, whatever its spread
        rows = on_policy.give(rows, advantages(rows))
        # 3. mu passes of gradient steps on J, a token worth the same in a short attempt and in a long one
        for part in loop.parts(rows):
            weighed = training.weigh(part, per="constant", constant=cfg.sample.max_tokens)
            loop.step(weighed, partial(loss, cfg=cfg), (step + 1) / cfg.steps)
        loop.log()
    return loop.policy
