"""Group relative policy optimization (GRPO: Shao et al. 2024, arXiv:2402.03300, eq. 3 and 4, section
4.1.2).

A_i   = (r_i - mean(r)) / std(r)        over the G rollouts of a problem
rho_t = pi(o_t | q, o_<t) / pi_old(o_t | q, o_<t)
J     = 1/G sum_i 1/|o_i| sum_t { min(rho_t A_i, clip(rho_t, 1 - eps, 1 + eps) A_i) - beta KL_t }
KL_t  = pi_ref / pi - log(pi_ref / pi) - 1

With a `judge` steps are compared with steps (section 4.1.3, process supervision): see `process_advantages`.

The paper takes G = 64 and beta = 0.04. Since then most take 8 to 16 rollouts, and leave the KL out where
rewards cannot be gamed; so do our defaults, and no reference model is loaded. The paper renews the
reference between outer iterations; here the reference stays fixed within a stage, and a further stage
that starts from this one renews it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared import on_policy, step_scorer
from numerate.methods.shared.group_policy_gradient import clipped_loss, group_advantages
from numerate.methods.shared.options import GroupPolicyGradient, Process
from numerate.methods.shared.process_advantages import step_advantages
from numerate.options import JudgeName, config

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.types import Stats

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(GroupPolicyGradient):
    judge: JudgeName | None = None
    """process reward model that scores the steps of rollouts: a stage that trained one, its folder (with a
    slash), or `oracle` (stories only); null: outcome rewards alone"""
    process: Process = Process()
    """advantages from step scores, with a judge. The default is the paper's: step scores alone (`outcome: 0`,
    where ppo has 1), without refinement"""


def loss(model: nn.Module, batch: training.Batch, cfg: Config) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    rho_BT = training.ratio(logp_BT, batch.token["old_logp"])
    return clipped_loss(batch, logp_BT, rho_BT, cfg.clip, cfg.kl)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    scorer = step_scorer.load_scorer(cfg.judge, job, every=True)
    loop = on_policy.OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample G rollouts per problem from pi_old, grade them
        groups = loop.sample_groups()
        rows = loop.training_rows(groups, judged=not scorer or cfg.process.outcome > 0)
        # 2. compare each with its group, or its steps with theirs
        A = step_advantages(loop, groups, rows, scorer, cfg.process) if scorer else group_advantages(rows)
        rows = on_policy.with_advantages(rows, A)
        # 3. mu passes of gradient steps on J
        loop.learn(rows, partial(loss, cfg=cfg), per="sequence")
        loop.log()
    return loop.result()
