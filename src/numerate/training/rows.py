"""Training rows from demonstrations and rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numerate.models.policy import Policy
from numerate.models.return_conditioning import tag_ids, token_lines
from numerate.models.return_tags import Conditioning
from numerate.prompts import render, target
from numerate.tool_formats import get_format, split_transcript
from numerate.types import Example, Problem, Rollout


def demonstration_row(policy: Policy, problem: Problem, style: str) -> Example:
    """Returns the row of a problem with its reference solution; only the solution's tokens are trained.

    Prompt and solution are tokenized separately, so the boundary is exact and the same as in sampling. The
    last token is EOS, or in a chat the template's end of turn. For a policy with tags every line is tagged as
    good. Of a transcript (`meta["tool_format"]`) each part is tokenized separately, and outputs are not
    trained: as in an episode.

    Raises:
        ValueError: the problem has no solution, or a tool format that its text cannot be split by.
    """
    prompt = render(problem, style)
    prompt_ids = policy.encode_prompt(prompt)
    parts = target_parts(policy, problem, style, prompt.chat)
    if policy.conditioning:
        return tagged_row(policy, prompt_ids, tagged_lines(policy, parts), policy.conditioning)
    ids, mask = list(prompt_ids), [False] * len(prompt_ids)
    for part, trained in parts:
        ids += part
        mask += [trained] * len(part)
    return Example(ids, mask)


def target_parts(policy: Policy, problem: Problem, style: str, chat: bool) -> list[tuple[list[int], bool]]:
    """Returns the tokens of a target in parts, with whether they are trained; all but the outputs of a
    transcript are."""
    text = target(problem, style)
    name = problem.meta.get("tool_format")
    if name is None:
        return [(policy.encode_target(text, chat), True)]
    format = get_format(name)
    if format.template and format.stop in text:
        raise ValueError(
            f"problem {problem.id!r} ({problem.source or 'no source'}) has calls in the format {name}, whose "
            "outputs a solution's text cannot mark: write its solution in the format mario or tora"
        )
    parts = [(policy.encode_target(part, chat), trained) for part, trained in split_transcript(format, text)]
    return [*((ids[:-1], trained) for ids, trained in parts[:-1]), parts[-1]]


def tagged_lines(
    policy: Policy, parts: Iterable[tuple[list[int], bool]]
) -> list[tuple[bool, list[int], list[bool]]]:
    """Returns the lines of a target for `tagged_row`, all good. An output belongs to the line of its call: no
    tag comes between them."""
    lines: list[tuple[bool, list[int], list[bool]]] = []
    for ids, trained in parts:
        if not trained and lines:
            good, line, mask = lines.pop()
            lines.append((good, [*line, *ids], [*mask, *[False] * len(ids)]))
        else:
            lines += [(True, line, [trained] * len(line)) for line in token_lines(policy, ids)]
    return lines


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
