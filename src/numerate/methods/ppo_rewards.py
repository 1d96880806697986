"""What an attempt earns under PPO, token by token, before the penalty for leaving the reference policy.

on the last token   correct * (is the answer right?)  +  alpha * aggregate(p_1 .. p_K)      (scores: end)
on each step's end  alpha * refine(p)_k                                                     (scores: steps)
                    reference_steps / (calculations of the reference), for each that it shares

p_k: a judge's score of step k. Sources: sparse and dense rewards of Havrilla et al. 2024 (arXiv:2403.04642),
PRM-Avg, -Prod, -Max, -Min of Pan et al. 2023 (arXiv:2311.05821), Clip and Delta of Gao et al. 2024
(arXiv:2410.15115), who apply Clip before Delta."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from numerate import credit
from numerate.rewards import reference_steps
from numerate.steps import split
from numerate.typed import NotNegative, Share, config
from numerate.types import Group, Problem, Rollout, Scored, Scorer, Stats, StepScores

Decode = Callable[[list[int]], str]


@config
class Config:
    correct: NotNegative = 1.0
    """reward of a right final answer, on the last token"""
    reference_steps: NotNegative = 0.0
    """shared out over the calculations of the worked solution, each paid once; 0.5 is half of a right
    answer"""
    scores: Literal["end", "steps"] = "steps"
    """a judge's scores: one number on the last token, or a reward at the end of every step"""
    aggregate: Literal["avg", "prod", "max", "min", "last"] = "prod"
    """how the scores of the steps become one number (scores: end)"""
    refine: Literal["none", "clip", "delta", "clip_delta"] = "none"
    """what keeps more steps from earning more (scores: steps)"""
    eta: Share = 0.5
    """scores from here on earn nothing (clip, clip_delta); take a low quantile of the judge's scores"""
    alpha: NotNegative = 0.1
    """weight of what the judge says"""
    without_end: Literal["withhold", "pay"] = "withhold"
    """an attempt that was cut before its EOS earns nothing, or what it would have earned"""


@dataclass(frozen=True, slots=True)
class Earned:
    scored: Scored
    tokens: list[float]
    """one per token that the policy wrote"""

    @property
    def total(self) -> float:
        return math.fsum(self.tokens)


def earned(
    groups: Sequence[Group], cfg: Config, scorer: Scorer | None, decode: Decode
) -> tuple[list[list[Earned]], Stats]:
    """Per problem the attempts with their rewards. What could not be graded or judged is left out, and
    counted."""
    flat = [(group.problem, scored) for group in groups for scored in group.attempts]
    told: list[StepScores | None] = [None] * len(flat)
    if scorer:
        told = list(scorer.score([problem for problem, _ in flat], [s.rollout.text for _, s in flat]))
    judged = iter(told)
    paid: list[list[Earned]] = []
    for group in groups:
        all_of_it = (pay(group.problem, s, next(judged), cfg, decode) for s in group.attempts)
        paid.append([one for one in all_of_it if one])
    kept = [one for many in paid for one in many]
    stats = {"rollouts/unmeasured": 1 - len(kept) / max(1, len(flat))}
    if kept:
        stats["reward/mean"] = math.fsum(one.total for one in kept) / len(kept)
    return paid, stats | steps_stats([s.rollout for _, s in flat], [t for t in told if t])


def pay(
    problem: Problem, scored: Scored, told: StepScores | None, cfg: Config, decode: Decode
) -> Earned | None:
    """None where the answer has no reference, or the judge's score is no number."""
    rollout, value = scored.rollout, scored.reward.value
    ids = [i for turn in rollout.written for i in turn.ids]
    if (cfg.correct and value is None) or not all(map(math.isfinite, told.scores if told else ())):
        return None
    if not ids:
        return None
    if rollout.finish != "stop" and cfg.without_end == "withhold":
        return Earned(scored, [0.0] * sum(rollout.mask))
    last = cfg.correct * (value or 0.0)
    ends: list[int] = []
    rewards: list[float] = []
    if told and cfg.scores == "end":
        last += cfg.alpha * credit.aggregate(told.scores, cfg.aggregate)
    elif told:
        rewards += [cfg.alpha * reward for reward in refined(told.scores, cfg)]
        ends += step_ends(rollout.text, told)
    if cfg.reference_steps:
        rewards += reference_steps.score_steps(problem, rollout.text, cfg.reference_steps)
        ends += [step.end for step in split(rollout.text)]
    places = own_places(rollout, credit.end_tokens(ids, ends, decode))
    return Earned(scored, credit.on_tokens(sum(rollout.mask), places, rewards, last))


def own_places(rollout: Rollout, places: Sequence[int]) -> list[int]:
    """Places among the tokens of the answer as places among those that the policy wrote; what a calculator
    wrote counts for the last one before it."""
    own = [turn.trained for turn in rollout.written for _ in turn.ids]
    upto = list(accumulate(own))
    return [upto[place] - 1 for place in places]


def refined(scores: Sequence[float], cfg: Config) -> list[float]:
    """Clip, then Delta to the clipped scores: the order matters."""
    rewards = credit.clip(scores, cfg.eta) if cfg.refine in ("clip", "clip_delta") else list(scores)
    return credit.delta(rewards) if cfg.refine in ("delta", "clip_delta") else rewards


def step_ends(text: str, told: StepScores) -> list[int]:
    """Where in the text each score belongs; a judge of outcomes has one, which belongs to the end."""
    if len(told.steps) == len(told.scores):
        return [step.end for step in told.steps]
    return [len(text)] * len(told.scores)


def steps_stats(rollouts: Sequence[Rollout], told: Sequence[StepScores]) -> Stats:
    """What shows that a judge is being farmed: steps and repeated steps go up while accuracy does not."""
    texts = [[step.text for step in split(rollout.text)] for rollout in rollouts]
    count = sum(map(len, texts))
    stats = {
        "rollouts/steps": count / max(1, len(texts)),
        "rollouts/repeated_steps": 1 - sum(len(set(steps)) for steps in texts) / max(1, count),
    }
    scores = [score for one in told for score in one.scores if math.isfinite(score)]
    if scores:
        stats["judge/score"] = math.fsum(scores) / len(scores)
    return stats
