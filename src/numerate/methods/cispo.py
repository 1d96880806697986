"""Clipped importance sampling policy optimization (CISPO: MiniMax 2025, arXiv:2506.13585, eq. 4 and 5).

A_i   = (r_i - mean(r)) / std(r)        over the G attempts at one question
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t sg( clip(rho_t, low, high) ) A_i log pi(o_t | q, o_<t)

The clip bounds the weight of a token and never drops its gradient: rare words at which reasoning turns,
whose ratios grow most, go on learning. sg stops the gradient. The paper does not print its upper bound; 5
is what others report (Khatri et al. 2025, arXiv:2510.13786).
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
    low: NotNegative = 0.0
    """smallest weight of a token, 1 - eps_low of the paper, which sets none"""
    high: Positive = 5.0
    """largest weight of a token, 1 + eps_high of the paper"""
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
    fit: Fit = Fit(minibatches=4)
    """how a step learns from it"""

    def __post_init__(self) -> None:
        on_policy.compared(self.sample)


def advantages(rows: Sequence[Example]) -> list[float | None]:
    return [a for group in on_policy.groups(rows) for a in credit.group([row.row["reward"] for row in group])]


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    kept_BT = rho_BT.detach().clamp(cfg.low, cfg.high)
    J_BT = kept_BT * batch.token["advantage"] * logp_BT
    J_BT, stats = training.less_kl(J_BT, batch, logp_BT, cfg.beta, cfg.kl)
    return -(batch.token["weight"] * J_BT).sum(), stats | training.moved(batch, logp_BT, kept_BT != rho_BT)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = OnPolicy(run, job, cfg.sample, cfg.fit, cfg.rewards, cfg.curriculum)
    if cfg.beta:
        loop.freeze("ref_logp", cfg.reference or job.model)
    for step in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G attempts at each question from pi_old, grade them
        rows = loop.rows(loop.attempts())
        # 2. compare each with its group
        rows = on_policy.give(rows, advantages(rows))
        # 3. mu passes of gradient steps on J
        for part in loop.parts(rows):
            weighed = training.weigh(part, per="token")
            loop.step(weighed, partial(loss, cfg=cfg), (step + 1) / cfg.steps)
        loop.log()
    return loop.policy
