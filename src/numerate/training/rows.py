"""Training rows from demonstrations and rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numerate.models.policy import Policy
from numerate.models.return_conditioning import tag_ids, token_lines
from numerate.models.return_tags import Conditioning
from numerate.prompts import render, target
from numerate.types import Example, Problem, Rollout


def demonstration_row(policy: Policy, problem: Problem, style: str) -> Example:
    """Returns the row of a problem with its reference solution; only the solution's tokens are trained.

    Prompt and solution are tokenized separately, so the boundary is exact and the same as in sampling. The
    last token is EOS, or in a chat the template's end of turn. For a policy with tags every line is tagged as
    good.

    Raises:
        ValueError: the problem has no solution.
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
    """Returns the row of a prompt and the lines of a solution, each after its tag, good or bad. lines: per
    line the verdict, the tokens, and their mask. Tags are never trained."""
    tags = {good: tag_ids(policy, conditioning.tag(good)) for good in (True, False)}
    ids, mask = list(prompt), [False] * len(prompt)
    for good, line, trained in lines:
        ids += [*tags[good], *line]
        mask += [False] * len(tags[good]) + list(trained)
    return Example(ids, mask)


def rollout_row(rollout: Rollout) -> Example:
    """Returns the row of a rollout: its own ids, trained where the policy sampled them."""
    return Example(rollout.ids, rollout.mask)


def drop_overlong(rows: Iterable[Example], max_tokens: int) -> tuple[list[Example], int]:
    """Returns the rows of at most `max_tokens` tokens, and the number of longer ones: a truncated solution
    would train early ends."""
    all_rows = list(rows)
    kept = [row for row in all_rows if len(row.ids) <= max_tokens]
    return kept, len(all_rows) - len(kept)
