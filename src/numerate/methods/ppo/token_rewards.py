"""Token rewards of PPO, before the KL penalty to the reference policy.

    last token           outcome * (weighted sum of `rewards`)
                         + weight * aggregate(p_1 .. p_K)                   (scores: end)
    end of step k        weight * refine(p)_k                               (scores: steps)
                         + reference_steps / (calculations of the reference), for each that the step shares

p_k: a process reward model's score of step k; an outcome reward model's after step k. Sources: sparse and
dense rewards, by the reference or an outcome reward model, of Havrilla et al. 2024 (arXiv:2403.04642);
PRM-Avg, -Prod, -Max, -Min of Pan et al. 2023 (arXiv:2311.05821); Clip and Delta of Gao et al. 2024
(arXiv:2410.15115), who apply Clip before Delta. A token's reward is clipped to +-reward_limit, as in trlX
and ReaLHF.

ReaLHF gives a rollout without an EOS no score at all. Where scores are negative (Clip, Delta, functions) that
rewards truncation; here positive rewards are withheld and negative ones stay: no rollout without an EOS has
a higher return, from any token on, than the same rollout with one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from numerate import credit
from numerate.methods.shared import rollout_metrics, step_scorer
from numerate.methods.shared.reinforcement import StepRewards
from numerate.methods.shared.step_positions import Decode, own_steps
from numerate.rewards import reference_steps
from numerate.rewards.compose import CORRECT, RewardList, parse_weighted
from numerate.steps import split
from numerate.types import Group, Problem, Scored, Stats, StepScores


@dataclass(frozen=True, slots=True)
class Amounts:
    """The parts of a rollout's reward."""

    rewards: RewardList
    process: StepRewards
    reference_steps: float = 0.0
    limit: float | None = 10.0
    withhold: bool = True
    """a truncated rollout keeps its negative rewards only"""


@dataclass(frozen=True, slots=True)
class RewardedRollout:
    scored: Scored
    tokens: list[float]
    """one per token that the policy wrote"""

    @property
    def total(self) -> float:
        return math.fsum(self.tokens)

    @property
    def imitable(self) -> bool:
        """Checks whether the rollout is right and has an EOS."""
        return bool(rollout_metrics.is_correct(self.scored)) and not self.scored.rollout.truncated

    @property
    def total_reward(self) -> rollout_metrics.TotalReward:
        return rollout_metrics.TotalReward(
            self.scored.rollout, self.total, rollout_metrics.is_correct(self.scored)
        )


def with_eta(
    cfg: StepRewards, step_scores: step_scorer.ScoresPerRollout, state: dict[str, Any]
) -> StepRewards:
    """Returns the options with the eta of `eta_quantile`. state: the stage's, which keeps eta from the first
    collection on, as later ones are of a policy trained with this scorer."""
    if cfg.eta_quantile is None or "clip" not in cfg.refine:
        return cfg
    if "eta" not in state:
        state["eta"] = credit.score_quantile(step_scorer.finite_scores(step_scores), cfg.eta_quantile)
    return replace(cfg, eta=state["eta"])


def rollout_rewards(
    groups: Sequence[Group], step_scores: step_scorer.ScoresPerRollout, amounts: Amounts, decode: Decode
) -> tuple[list[list[RewardedRollout]], Stats]:
    """Returns per problem the rollouts with their rewards. Rollouts without a grade or score are left out and
    counted."""
    each = iter(step_scores)
    paid: list[list[RewardedRollout]] = []
    for group in groups:
        all_of_it = (reward_tokens(group.problem, s, next(each), amounts, decode) for s in group.rollouts)
        paid.append([rewarded for rewarded in all_of_it if rewarded])
    kept = [rewarded for many in paid for rewarded in many]
    stats = {"rollouts/unmeasured": 1 - len(kept) / max(1, len(step_scores))}
    if kept:
        stats["reward/mean"] = math.fsum(rewarded.total for rewarded in kept) / len(kept)
        stats["reward/equal"] = float(len({rewarded.total for rewarded in kept}) == 1)
    return paid, stats | reward_stats([s for group in groups for s in group.rollouts], step_scores)


def reward_tokens(
    problem: Problem, scored: Scored, step_scores: StepScores | None, amounts: Amounts, decode: Decode
) -> RewardedRollout | None:
    """Returns a rollout with its token rewards; None where the rewards could not be measured, or a step score
    is no number."""
    rollout, cfg = scored.rollout, amounts.process
    if (cfg.outcome and scored.reward.value is None) or not any(rollout.mask):
        return None
    if not all(map(math.isfinite, step_scores.scores if step_scores else ())):
        return None
    last = outcome(scored, amounts.rewards, cfg.outcome) if cfg.outcome else []
    ends: list[int] = []
    rewards: list[float] = []
    if step_scores and cfg.scores == "end":
        last.append(cfg.weight * credit.aggregate(step_scores.scores, cfg.aggregate))
    elif step_scores:
        rewards += [
            cfg.weight * reward
            for reward in credit.refine_step_scores(step_scores.scores, cfg.refine, cfg.eta)
        ]
        ends += step_scorer.step_ends(rollout.solution, step_scores)
    if amounts.reference_steps:
        rewards += reference_steps.score_steps(problem, rollout.solution, amounts.reference_steps)
        ends += [step.end for step in split(rollout.solution)]
    if rollout.truncated and amounts.withhold:
        rewards, last = negative_part(rewards), negative_part(last)
    places, rewards = own_steps(rollout, ends, rewards, decode)
    tokens = credit.on_tokens(sum(rollout.mask), places, rewards, math.fsum(last))
    return RewardedRollout(scored, clip_rewards(tokens, amounts.limit))


def outcome(scored: Scored, rewards: RewardList, weight: float) -> list[float]:
    """Returns the reward of a right answer, and the sum of the functions'."""
    parts = [
        (weighted.path, weighted.weight * (scored.reward.parts.get(weighted.path) or 0.0))
        for weighted in parse_weighted(rewards)
    ]
    right = math.fsum(amount for path, amount in parts if path == CORRECT)
    others = math.fsum(amount for path, amount in parts if path != CORRECT)
    return [weight * right, weight * others]


def negative_part(rewards: Sequence[float]) -> list[float]:
    """Returns each reward where it is negative, else 0."""
    return [min(reward, 0.0) for reward in rewards]


def clip_rewards(rewards: Sequence[float], limit: float | None) -> list[float]:
    """Returns each reward, at most `limit` from 0: cliprange_reward of trlX, max_reward_clip of ReaLHF."""
    return list(rewards) if limit is None else [min(max(reward, -limit), limit) for reward in rewards]


def reward_stats(rollouts: Sequence[Scored], step_scores: step_scorer.ScoresPerRollout) -> Stats:
    """Returns statistics of a step's rollouts and their step scores."""
    scores = step_scorer.finite_scores(step_scores)
    return rollout_metrics.length_stats(rollouts) | (
        {"judge/score": math.fsum(scores) / len(scores)} if scores else {}
    )
