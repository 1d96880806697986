"""Logged metrics of the rollouts that methods learn from: their statistics, and signs of reward hacking.
The rule for that is in `metrics.reward_hacking`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from zlib import crc32

from numerate import metrics, training
from numerate.credit import has_signal
from numerate.metrics import reward_hacking
from numerate.metrics.episodes import episode_stats
from numerate.rewards.compose import CORRECT
from numerate.rewards.correct import truncation_stats
from numerate.types import Group, Rollout, Scored, Stats

SHOWN = 5
"""wrong rollouts of a round that the log keeps with an alarm"""
LONGEST = 2000
"""characters of each"""


@dataclass(frozen=True, slots=True)
class TotalReward:
    """A rollout and its total reward."""

    rollout: Rollout
    reward: float
    right: bool | None
    """None where the problem has no answer"""


def measured_total_rewards(groups: Sequence[Group]) -> list[TotalReward]:
    """Returns the measured rollouts with their graded rewards."""
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    return [
        TotalReward(a.rollout, a.reward.value, is_correct(a)) for a in rollouts if a.reward.value is not None
    ]


def is_correct(scored: Scored) -> bool | None:
    part = scored.reward.parts.get(CORRECT)
    return None if part is None else bool(part)


def rollout_stats(groups: Sequence[Group], has_tools: bool = False) -> Stats:
    """Returns statistics of a step's rollouts.

    has_tools: the engine runs programs, so that rollouts without any call are counted too. policy/entropy:
    the mean of -log pi over the sampled tokens, an estimate of the entropy per token where the temperature is
    1; only where the sampler recorded log-probabilities. Those of classes of tokens (`Turn.token_classes`)
    are policy/class_entropy, small from the start: most tokens are of a certain class."""
    rollouts = [scored for group in groups for scored in group.rollouts]
    rewards_by_group = [[scored.reward.value for scored in group.rollouts] for group in groups]
    measured = [scored.reward.value for scored in rollouts if scored.reward.value is not None]
    turns = [turn for scored in rollouts for turn in scored.rollout.turns if turn.trained]
    logps = [p for turn in turns for p in turn.logprobs]
    stats: Stats = {"tools/calls": 0.0} if has_tools else {}
    stats |= length_stats(rollouts) | {"reward/unmeasured": 1 - len(measured) / len(rollouts)}
    if compared := [rewards for rewards in rewards_by_group if len(rewards) > 1]:
        stats["rollouts/zero_variance"] = sum(not has_signal(rewards) for rewards in compared) / len(compared)
    stats |= {"reward/mean": sum(measured) / len(measured)} if measured else {}
    entropy = "policy/class_entropy" if any(turn.token_classes for turn in turns) else "policy/entropy"
    stats |= {entropy: -sum(logps) / len(logps)} if logps else {}
    return stats


def length_stats(all_rollouts: Sequence[Scored]) -> Stats:
    """Returns the lengths of rollouts, and the share of right ones among those at problems with an answer.
    Reward hacking of a step scorer shows: steps and repeated steps go up, accuracy does not."""
    rollouts = [scored.rollout for scored in all_rollouts]
    graded = [correct for scored in all_rollouts if (correct := is_correct(scored)) is not None]
    seen = metrics.step_counts([rollout.text for rollout in rollouts])
    stats = ending_stats(all_rollouts) | {
        "rollouts/count": float(len(all_rollouts)),
        "rollouts/length": sum(rollout.length for rollout in rollouts) / len(all_rollouts),
        "rollouts/steps": seen.steps,
        "rollouts/repeated_steps": seen.repeated,
    }
    stats |= episode_stats(rollouts)
    return stats | ({"rollouts/accuracy": sum(graded) / len(graded)} if graded else {})


def ending_stats(all_rollouts: Sequence[Scored]) -> Stats:
    """Returns shares of rollouts without a readable end: truncated, truncated although their text
    is right, without an answer, and with a prompt that left no room in the model's context."""
    rollouts = [scored.rollout for scored in all_rollouts]
    return truncation_stats(all_rollouts) | {
        "rollouts/unanswered": sum(rollout.answer is None for rollout in rollouts) / len(rollouts),
        "rollouts/no_room": sum(rollout.no_room for rollout in rollouts) / len(rollouts),
    }


def without_rows(groups: Sequence[Group]) -> str:
    """Returns the reason why these groups have no training rows."""
    if all(scored.rollout.no_room for group in groups for scored in group.rollouts):
        return (
            f"the prompts of all {len(groups)} problems are longer than the model's context: leave "
            "out or shorten the long problems, or choose a model with a longer context"
        )
    return (
        f"no rollout of {len(groups)} problems has a reward: the reward functions returned None for "
        "all of them, or the problems have no answers"
    )


def check_reward_hacking(
    run: training.Stage, rollouts: Sequence[TotalReward]
) -> tuple[Stats, dict[str, Any]]:
    """Returns what a round adds to the log: numbers, and in an alarm `hacking`, which holds the rollouts that
    show it. The rounds that the alarm looks back on are kept in the stage's `state`."""
    graded = [entry for entry in rollouts if entry.right is not None]
    if not graded:
        return {}, {}
    stats = reward_gap(graded)
    past = update_history(run, graded)
    trend = reward_hacking.reward_trend(
        reward_hacking.Curve(past["reward"], past["reward_noise"]),
        reward_hacking.Curve(past["accuracy"], past["accuracy_noise"]),
    )
    if trend is None:
        return stats, {}
    stats |= {
        "alarm/reward_slope": trend.reward.value,
        "alarm/accuracy_slope": trend.accuracy.value,
        "alarm/hacking": float(trend.hacking),
    }
    begins, past["alarm"] = trend.hacking and not past["alarm"], trend.hacking
    if not trend.hacking:
        return stats, {}
    worst = overpaid_rollouts(graded)
    if begins:
        run.progress.warn(alarm_message(run, trend, worst))
    return stats, {"hacking": {"rounds": trend.rounds, "rollouts": [rollout_facts(entry) for entry in worst]}}


def update_history(run: training.Stage, graded: Sequence[TotalReward]) -> dict[str, Any]:
    """Returns the rounds of the alarm's window, with this one: means of reward and accuracy by problem, and
    their noise."""
    past = run.state.get("monitor", {})
    if "reward_noise" not in past:
        names = ("reward", "accuracy", "reward_noise", "accuracy_noise")
        past = run.state["monitor"] = {name: [] for name in names} | {"problems": 0, "alarm": False}
    rewards = by_problem(graded, [entry.reward for entry in graded])
    right = by_problem(graded, [float(bool(entry.right)) for entry in graded])
    problems = crc32("\n".join(sorted(rewards)).encode())
    same = problems == past["problems"]
    past["problems"] = problems
    for name, groups in (("reward", [*rewards.values()]), ("accuracy", [*right.values()])):
        mean, noise = math.fsum(map(fmean, groups)) / len(groups), reward_hacking.mean_noise(groups, same)
        past[name] = [*past[name], mean][-reward_hacking.WINDOW :]
        past[f"{name}_noise"] = [*past[f"{name}_noise"], noise][-reward_hacking.WINDOW :]
    return past


def by_problem(graded: Sequence[TotalReward], values: Sequence[float]) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for entry, value in zip(graded, values, strict=True):
        groups[entry.rollout.problem_id].append(value)
    return groups


def reward_gap(graded: Sequence[TotalReward]) -> Stats:
    """Returns the mean rewards of right and of wrong rollouts: a reward that can be trusted keeps them
    apart."""
    stats: Stats = {}
    for name, verdict in (("right", True), ("wrong", False)):
        if rewards := [entry.reward for entry in graded if entry.right is verdict]:
            stats[f"reward/{name}"] = math.fsum(rewards) / len(rewards)
    return stats


def overpaid_rollouts(graded: Sequence[TotalReward]) -> list[TotalReward]:
    """Returns the wrong rollouts with the highest rewards, each text once."""
    first: dict[str, TotalReward] = {}
    for entry in sorted((entry for entry in graded if not entry.right), key=lambda entry: -entry.reward):
        first.setdefault(entry.rollout.solution, entry)
    return list(first.values())[:SHOWN]


def rollout_facts(entry: TotalReward) -> dict[str, Any]:
    text = entry.rollout.solution
    return {
        "problem_id": entry.rollout.problem_id,
        "index": entry.rollout.index,
        "reward": entry.reward,
        "text": text[:LONGEST],
    }


def alarm_message(run: training.Stage, trend: reward_hacking.Trend, worst: Sequence[TotalReward]) -> str:
    examples = ", ".join(
        f"{entry.rollout.problem_id} rollout {entry.rollout.index} (reward {entry.reward:.3g})"
        for entry in worst[:3]
    )
    return (
        f"ALARM, {run.position}: possible reward hacking: over the last {trend.rounds} {run.unit}s "
        f"the reward rises ({trend.reward.value:+.2g} per {run.unit}) while accuracy falls "
        f"({trend.accuracy.value:+.2g}). Wrong rollouts with the highest rewards: "
        f"{examples or f'none in this {run.unit}'}"
    )
