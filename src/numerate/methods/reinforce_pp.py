"""REINFORCE++ (Hu et al. 2025, arXiv:2501.03262), and REINFORCE++-baseline, its form for several attempts.

plain:     A_{i,t} = r_i - beta sum_{s >= t} log(pi_old / pi_ref)_s
baseline:  A_{i,t} = r_i - mean(r)        over the G attempts at one question; the KL joins J as k2
both:      A <- (A - mean(A)) / std(A)               over all tokens of the step
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t min(rho_t A_{i,t}, clip(rho_t, 1 - eps, 1 + eps) A_{i,t})

The spread is that of the batch, not of a handful of attempts. The plain form works with one attempt per
question: set sample.attempts to 1.
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
    baseline: Literal["group", "none"] = "group"
    """`group` subtracts the mean of the question's attempts (REINFORCE++-baseline); `none`: the plain form"""
    beta: NotNegative = 0.0
    """weight of the KL to the reference; the paper takes 0.001 for mathematics. 0 needs no reference model,
    and a rule that grades answers is harder to game than a learned reward"""
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
        if self.baseline == "group":
            on_policy.compared(self.sample)


def credits(row: Example, baseline: float, beta: float) -> list[float]:
    """A of each trained token before it is normalised: r - baseline, less the KL from it on (beta > 0)."""
    seen = [t for t, trained in enumerate(row.mask) if trained]
    reward = row.row["reward"] - baseline
    if not beta:
        return [reward] * len(seen)
    old, ref = row.token["old_logp"], row.token["ref_logp"]
    return [reward + kl for kl in credit.to_go([-beta * (old[t] - ref[t]) for t in seen])]


def advantages(rows: Sequence[Example], cfg: Config) -> list[list[float]]:
    """Normalised over all tokens of the step; 0 off the trained tokens."""
    raw: list[list[float]] = []
    for group in on_policy.groups(rows):
        mean = sum(row.row["reward"] for row in group) / len(group) if cfg.baseline == "group" else 0.0
        raw += [credits(row, mean, 0.0 if cfg.baseline == "group" else cfg.beta) for row in group]
    told = map(iter, credit.normalised(raw))
    return [[next(a) if seen else 0.0 for seen in row.mask] for row, a in zip(rows, told, strict=True)]


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    J_BT, clipped_BT = training.surrogate(rho_BT, batch.token["advantage"], cfg.eps, cfg.eps)
    J_BT, stats = training.less_kl(J_BT, batch, logp_BT, cfg.beta * (cfg.baseline == "group"), "k2")
    return -(batch.token["weight"] * J_BT).sum(), stats | training.moved(batch, logp_BT, clipped_BT)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = OnPolicy(run, job, cfg.sample, cfg.fit, cfg.rewards, cfg.curriculum)
    if cfg.beta:
        loop.freeze("ref_logp", cfg.reference or job.model)
    for step in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G attempts at each question from pi_old, grade them
        rows = loop.rows(loop.attempts())
        # 2. compare each with the whole batch
        rows = on_policy.give(rows, advantages(rows, cfg))
        # 3. mu passes of gradient steps on J
        for part in loop.parts(rows):
            weighed = training.weigh(part, per="token")
            loop.step(weighed, partial(loss, cfg=cfg), (step + 1) / cfg.steps)
        loop.log()
    return loop.policy
