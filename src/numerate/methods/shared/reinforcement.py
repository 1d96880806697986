"""Options that a recipe may have with every reinforcement method, see `options.Reinforcement`."""

from __future__ import annotations

from typing import Literal

from numerate import credit
from numerate.methods.shared.options import Clip, Kl, PolicyFit, PolicyGradient, Process, RowFit
from numerate.options import AtLeast1, JudgeName, NotNegative, Positive, Share, config


@config
class AdaptiveKl(Kl):
    """KL penalty with a target."""

    target: Positive | None = None
    """KL per rollout, in nats, that coef is adapted to; null: a constant coef"""
    horizon: AtLeast1 = 10_000
    """horizon of the adaptation of coef (target), in rollouts"""

    def __post_init__(self) -> None:
        if self.target and not self.coef:
            raise ValueError("kl: a coef of 0 cannot be adapted to a target: set an initial coef above 0")


@config
class StepRewards(Process):
    """Use of step scores as rewards of tokens."""

    outcome: NotNegative = 1.0
    """weight of `rewards`, on the last token; by default 1 in ppo and 0 in grpo"""
    weight: NotNegative = 0.1
    """alpha, weight of the step scores; Gao et al. do not state theirs, Pan et al. use step scores alone
    (outcome: 0, weight: 1)"""
    scores: Literal["end", "steps"] = "steps"
    """placement of the scores: one number on the last token, or a reward at the end of every step; an outcome
    reward model then scores every prefix of steps"""
    aggregate: Literal["avg", "prod", "max", "min", "last"] = "prod"
    """aggregation of the step scores to one number (scores: end)"""
    refine: credit.Refine = "none"
    """refinement of step scores, against rewards that grow with the number of steps (scores: steps): Gao et
    al. find `clip_delta` best; `none`, the plain process reward, loses two thirds of the accuracy; `gain` is
    the dense reward from an outcome reward model"""
    eta_quantile: Share | None = None
    """eta as a quantile of the first step's scores, in place of eta, such as 0.3"""


@config
class AnyFit(PolicyFit, RowFit):
    """Optimization on rollouts or fixed rows."""


@config
class SharedOptions(PolicyGradient):
    """Every shared option of the reinforcement methods."""

    fit: AnyFit = AnyFit()
    """optimization of a step"""
    clip: Clip = Clip()
    """clip of the ratio"""
    kl: AdaptiveKl = AdaptiveKl(coef=1.0)  # not 0, which excludes a target
    """the KL to the reference policy"""
    judge: JudgeName | None = None
    """reward model that scores the steps of rollouts"""
    process: StepRewards = StepRewards()
    """use of step scores, with a judge"""
