"""The graded rollouts that an earlier stage left behind, for the methods that learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from numerate.rewards.compose import CORRECT
from numerate.rollouts.collect import group_rows
from numerate.store import read_rollouts
from numerate.types import Group, Problem, Reward, Scored


def load_groups(folder: Path, problems: Sequence[Problem]) -> list[Group]:
    """Returns all rollouts below `folder` at these problems, in their order; problems without any are left
    out.

    Their reward is the grader's verdict, whatever mix of rewards a policy was trained with there. Raises
    ValueError where there is none."""
    rows = [with_outcome_reward(scored) for scored in read_rollouts(folder)]
    groups = [group for group in group_rows(problems, rows) if group.rollouts]
    if not groups:
        raise ValueError(
            f"{folder}: no rollout of this stage's problems; set the problem set and the limit that "
            "the rollouts were sampled with"
        )
    return groups


def with_outcome_reward(scored: Scored) -> Scored:
    """Returns the rollout with 1 or 0 for its final answer as reward, where it is stored."""
    parts = scored.reward.parts
    return replace(scored, reward=Reward(parts[CORRECT], parts)) if CORRECT in parts else scored


def without_repeats(group: Group) -> Group:
    """Returns every solution once, in order of first appearance: an easy problem must not have more weight
    because its solutions agree."""
    first: dict[str, Scored] = {}
    for scored in group.rollouts:
        first.setdefault(scored.rollout.solution.strip(), scored)
    return replace(group, rollouts=tuple(first.values()))
