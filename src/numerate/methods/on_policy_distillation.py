"""On-policy distillation (Agarwal et al. 2023, arXiv:2306.13649, GKD with reverse KL on the student's own
samples; Gu et al. 2023, arXiv:2306.08543, MiniLLM; as a policy gradient: Lu and Thinking Machines 2025).

A_t   = log pi_teacher(o_t | q, o_<t) - log pi_old(o_t | q, o_<t)
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/sum_i |o_i| sum_i sum_t rho_t A_t

The gradient at pi_old is that of -KL(pi || pi_teacher) at each token the student comes to, estimated with
the token it drew: a judgement of every token, where a reward is one number per rollout. A token is not
blamed for later ones (no discount to sum over), as in the last of the three. Problems need no
answers; where they have some, the accuracy is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from numerate import training
from numerate.methods.shared import on_policy
from numerate.methods.shared.options import OnPolicyOptions, Sample
from numerate.options import config

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.types import Example, Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(OnPolicyOptions):
    teacher: str = Field(kw_only=True)
    """teacher model, with the same tokenizer: a stage, `base`, a directory or a hub id"""
    sample: Sample = Sample(rollouts=4)
    """sampling of a step"""


def advantages(rows: Sequence[Example]) -> list[list[float]]:
    """Returns log pi_teacher - log pi_old of each token; both are 0 off the trained tokens."""
    columns = ((row.token["teacher_logp"], row.token["old_logp"]) for row in rows)
    return [[t - o for t, o in zip(teacher, old, strict=True)] for teacher, old in columns]


def loss(model: nn.Module, batch: training.Batch) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    stats = training.token_means(batch, reverse_kl=logp_BT.detach() - batch.token["teacher_logp"])
    return -(batch.token["weight"] * rho_BT * batch.token["advantage"]).sum(), stats


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    loop.add_reference("teacher_logp", cfg.teacher)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample from pi_old, and compute the teacher's log-probabilities
        rows = loop.training_rows(loop.sample_groups(), judged=False)
        # 2. A_t is positive where a token is likelier under the teacher than under pi_old
        rows = on_policy.with_advantages(rows, advantages(rows))
        # 3. mu passes of gradient steps on J
        loop.learn(rows, loss, per="token")
        loop.log()
    return loop.result()
