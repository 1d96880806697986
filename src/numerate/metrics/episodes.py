"""Statistics of episodes: calls of programs in rollouts, how they end, and what the answer owes to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from numerate import answers
from numerate.types import Rollout, Stats

LIMITS = ("max_turns", "tool_error")
"""ends of episodes that other rollouts do not have"""


def has_tools(rollouts: Sequence[Rollout]) -> bool:
    """Checks whether any rollout is an episode."""
    return any(
        rollout.finish in LIMITS or any(turn.role == "tool" or turn.status for turn in rollout.turns)
        for rollout in rollouts
    )


def episode_stats(rollouts: Sequence[Rollout]) -> Stats:
    """Returns means per rollout and shares: of the calls those with an error, and those of each status that
    occurs; of the rollouts those with a flawed call, those that ended at a limit, and of those with an answer
    those whose answer a program printed last. Nothing where no rollout is an episode."""
    if not has_tools(rollouts):
        return {}
    calls = [turn.status for rollout in rollouts for turn in rollout.turns if turn.role == "tool"]
    statuses = Counter(calls)
    flaws = Counter(flaw for rollout in rollouts for flaw in {t.status for t in rollout.turns if t.trained})
    finishes = Counter(rollout.finish for rollout in rollouts)
    answered = [rollout for rollout in rollouts if rollout.answer is not None]
    written = sum(sum(rollout.mask) for rollout in rollouts)
    count = len(rollouts)
    return {
        "tools/calls": len(calls) / count,
        "tools/turns": sum(turn.trained for rollout in rollouts for turn in rollout.turns) / count,
        "tools/errors": sum(status != "ok" for status in calls) / max(1, len(calls)),
        **{f"tools/{status}": n / len(calls) for status, n in sorted(statuses.items()) if status != "ok"},
        **{f"tools/{flaw}": n / count for flaw, n in sorted(flaws.items()) if flaw},
        **{f"tools/{finish}": finishes[finish] / count for finish in LIMITS},
        "tools/answer_printed": sum(map(answer_printed, answered)) / max(1, len(answered)),
        "tools/trained_tokens": written / max(1, sum(rollout.length for rollout in rollouts)),
    }


def answer_printed(rollout: Rollout) -> bool:
    """Checks whether the final answer equals the last line of the last output without an error."""
    outputs = [turn.text for turn in rollout.turns if turn.role == "tool" and turn.status == "ok"]
    lines = [line.strip() for line in outputs[-1].splitlines() if line.strip()] if outputs else []
    lines = [line for line in lines if line != "```" and not line.startswith("<")]
    return bool(lines) and rollout.answer is not None and answers.equal(lines[-1], rollout.answer)
