"""Group sequence policy optimization (GSPO: Zheng et al. 2025, arXiv:2507.18071, eq. 5 to 7).

A_i = (r_i - mean(r)) / std(r)        over the G attempts at one question
s_i = ( pi(o_i | q) / pi_old(o_i | q) )^(1/|o_i|)
J   = 1/G sum_i min(s_i A_i, clip(s_i, 1 - eps_low, 1 + eps_high) A_i)

A reward is for a whole attempt, and so is the ratio. As a geometric mean over tokens it stays close to 1,
so the clip is a thousand times tighter than GRPO's. The paper splits a step's attempts into 4 optimizer
steps.
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
    eps_low: Positive = 3e-4
    """ratios are clipped from below at 1 - eps_low"""
    eps_high: Positive = 4e-4
    """and from above at 1 + eps_high"""
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
    s_BT = training.sequence_ratio(batch, logp_BT, batch.token["old_logp"], mean=True)
    J_BT, clipped_BT = training.surrogate(s_BT, batch.token["advantage"], cfg.eps_low, cfg.eps_high)
    J_BT, stats = training.less_kl(J_BT, batch, logp_BT, cfg.beta, cfg.kl)
    return -(batch.token["weight"] * J_BT).sum(), stats | training.moved(batch, logp_BT, clipped_BT)


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
            weighed = training.weigh(part, per="sequence")
            loop.step(weighed, partial(loss, cfg=cfg), (step + 1) / cfg.steps)
        loop.log()
    return loop.policy
