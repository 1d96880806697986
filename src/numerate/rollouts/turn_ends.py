"""Ends of sampled turns: EOS, a limit, or which stop string."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from numerate.models.tokenization import special_strings
from numerate.types import Rollout, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy


def control_stops(policy: Policy, stops: Sequence[str]) -> dict[int, str]:
    """Maps the ids of control tokens to the stop strings that they are."""
    control = special_strings(policy.tokenizer)
    return {control[stop]: stop for stop in stops if stop in control}


def stop_tail(
    policy: Policy,
    control: Mapping[int, str],
    sampled: Rollout,
    turns: Sequence[Turn],
    problem_id: str,
    unreported: str,
) -> str:
    """Returns what was sampled behind the text of the turns: the stop string, and what its last token has
    beyond it; empty where EOS or a limit ended them.

    turns: those that were sampled. control: see `control_stops`. Raises ValueError where a server reports no
    end; problem_id and unreported: what its message names."""
    last = turns[-1]
    if sampled.finish != "stop":
        return ""
    if last.ids and last.ids[-1] in control:
        return control[last.ids[-1]]
    if last.ids and last.ids[-1] in policy.eos_ids:
        return ""
    ids = [i for turn in turns for i in turn.ids]
    if tail := policy.decode(ids)[sum(len(turn.text) for turn in turns) :]:
        return tail
    raise ValueError(
        f"problem {problem_id!r}: the server does not report {unreported}: choose a server that returns "
        "token ids, such as vLLM, or kind: local"
    )
