"""Advantages of steps beside those of whole rollouts: GRPO with process supervision (Shao et al. 2024,
arXiv:2402.03300, section 4.1.3).

p~      = (p - mean(P)) / std(P)       P: scores of all steps of all rollouts of a problem
A_{i,t} = outcome A_i + sum of p~_{i,k} over the steps k that end at token t or later

The paper supervises outcomes or processes: `outcome` is 0 there. The last step ends where the rollout does,
so that the line of the answer, which the scorer reads with it, has its credit. The mean does not prevent
reward hacking: of two rollouts whose steps are above it the one with more of them has the higher advantage.
With `refine` (Gao et al. 2024, arXiv:2410.15115) the sum is that of the refined scores, and compared by
rollouts: see `credit.return_advantages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite

from numerate import credit
from numerate.methods.shared import on_policy, rollout_metrics, step_scorer
from numerate.methods.shared.options import Process
from numerate.methods.shared.step_positions import Decode, own_steps
from numerate.types import Example, Group, Rollout, Scored, Scorer, StepScores


@dataclass(frozen=True, slots=True)
class Steps:
    rewards: list[float]
    ends: list[int]
    """of each step the last token, counted over those that the policy wrote"""


def step_rewards(
    rollout: Rollout, step_scores: StepScores | None, cfg: Process, decode: Decode
) -> Steps | None:
    """Returns the rewards of the steps; None where a score is no number."""
    if step_scores is None or not all(map(isfinite, step_scores.scores)):
        return None
    rewards = credit.refine_step_scores(step_scores.scores, cfg.refine, cfg.eta)
    ends, rewards = own_steps(rollout, step_scorer.step_ends(rollout.solution, step_scores), rewards, decode)
    return Steps(rewards, [*ends[:-1], *([sum(rollout.mask) - 1] if ends else [])])


def rollout_total_rewards(
    rollouts: Sequence[Scored], steps_per_rollout: Sequence[Steps | None], cfg: Process
) -> list[rollout_metrics.TotalReward]:
    """Returns the total reward of each rollout, for the alarm: `outcome` times its reward, and the mean of
    its step scores, or the sum of refined ones. The mean, as scores that are not refined count as far as
    they are above it. Rollouts without scores, or without a grade where that counts, are left out."""
    total_rewards: list[rollout_metrics.TotalReward] = []
    for scored, steps in zip(rollouts, steps_per_rollout, strict=True):
        reward = scored.reward.value if cfg.outcome else 0.0
        if steps is None or reward is None:
            continue
        count = max(1, len(steps.rewards)) if cfg.refine == "none" else 1
        total = cfg.outcome * reward + fsum(steps.rewards) / count
        total_rewards.append(
            rollout_metrics.TotalReward(scored.rollout, total, rollout_metrics.is_correct(scored))
        )
    return total_rewards


def step_advantages(
    loop: on_policy.OnPolicyLoop,
    groups: Sequence[Group],
    rows: Sequence[Example],
    scorer: Scorer,
    cfg: Process,
) -> list[list[float] | None]:
    """Returns the advantages of the rows by the scorer's scores of their steps."""
    scores = step_scorer.score_groups(scorer, groups)
    numbers = step_scorer.finite_scores(scores)
    loop.stats |= {"judge/score": fsum(numbers) / len(numbers)} if numbers else {}
    rollouts = [scored for group in groups for scored in group.rollouts]
    steps_of = [
        step_rewards(scored.rollout, score, cfg, loop.policy.decode)
        for scored, score in zip(rollouts, scores, strict=True)
    ]
    loop.total_rewards = rollout_total_rewards(rollouts, steps_of, cfg)
    return advantages(rows, [steps_of[int(row.columns["index"])] for row in rows], cfg)


def advantages(
    rows: Sequence[Example], steps_per_row: Sequence[Steps | None], cfg: Process
) -> list[list[float] | None]:
    """Returns one number per id, 0 off the trained tokens; None for a row without scores."""
    columns: list[list[float] | None] = []
    at = 0
    for group in on_policy.rows_by_group(rows):
        judged = steps_per_row[at : at + len(group)]
        at += len(group)
        with_steps = [(row, steps) for row, steps in zip(group, judged, strict=True) if steps]
        compare = credit.process_advantages if cfg.refine == "none" else credit.return_advantages
        rewards, ends = [steps.rewards for _, steps in with_steps], [steps.ends for _, steps in with_steps]
        by_step = iter(compare(rewards, ends, [sum(row.mask) for row, _ in with_steps]))
        whole = iter(credit.group([row.columns.get("reward", 0.0) for row, _ in with_steps]))
        for row, steps in zip(group, judged, strict=True):
            columns.append(
                join_advantages(row, next(by_step), cfg.outcome * (next(whole) or 0.0)) if steps else None
            )
    return columns


def join_advantages(row: Example, by_step: Sequence[float], whole: float) -> list[float]:
    return credit.scatter_trained(row.mask, [whole + advantage for advantage in by_step])
