"""Worked solutions and sampled attempts as training rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numerate.models.policy import Policy
from numerate.models.return_conditioning import tag_ids, token_lines
from numerate.models.return_tags import Conditioning
from numerate.prompts import render, target
from numerate.types import Example, Problem, Rollout


def demonstration_row(policy: Policy, problem: Problem, style: str) -> Example:
    """The problem with its reference solution; only the solution's tokens are trained.

    Prompt and solution are tokenized apart, so the boundary is exact and the same as in sampling. The last
    token is one that sampling ends with: EOS, or in a chat the template's end of turn. For a policy
    that reads tags every line is tagged as good. Raises ValueError when the problem has no solution.
    """
    prompt = render(problem, style)
    prompt_ids = policy.encode_prompt(prompt)
    target_ids = policy.encode_target(target(problem, style), prompt.chat)
    if policy.conditioning:
        whole = [(True, line, [True] * len(line)) for line in token_lines(policy, target_ids)]
        return tagged_row(policy, prompt_ids, whole, policy.conditioning)
    return Example([*prompt_ids, *target_ids], [False] * len(prompt_ids) + [True] * len(target_ids))


def tagged_row(
    policy: Policy,
    prompt: Sequence[int],
    lines: Iterable[tuple[bool, Sequence[int], Sequence[bool]]],
    conditioning: Conditioning,
) -> Example:
    """A prompt and the lines of a solution, each behind the tag that says whether it is good. lines: per line
    that verdict, the tokens, and which of them are trained. Tags are read, never written."""
    tags = {good: tag_ids(policy, conditioning.tag(good)) for good in (True, False)}
    ids, mask = list(prompt), [False] * len(prompt)
    for good, line, trained in lines:
        ids += [*tags[good], *line]
        mask += [False] * len(tags[good]) + list(trained)
    return Example(ids, mask)


def rollout_row(rollout: Rollout) -> Example:
    """A rollout as it was sampled: its own ids, trained where the policy wrote."""
    return Example(rollout.ids, rollout.mask)


def drop_overlong(rows: Iterable[Example], max_tokens: int) -> tuple[list[Example], int]:
    """The rows of at most `max_tokens` tokens, and how many were longer: a cut solution teaches to stop
    early."""
    all_rows = list(rows)
    kept = [row for row in all_rows if len(row.ids) <= max_tokens]
    return kept, len(all_rows) - len(kept)
