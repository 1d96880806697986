"""Step-by-step conditioned sampling (Havrilla et al. 2024, arXiv:2403.04642, section 3 "RCRL"), from any
engine: the policy's tag is put before every line, and the engine is asked for one line after the other.

The tags are turns of their own, which nobody wrote: they are among the ids, and neither in the text that is
graded nor among the tokens that are counted or trained. A line is a request of its own, so its prompt is
computed again. Random numbers follow from (problem, index, line): a rollout depends on no neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numerate.models.return_conditioning import tag_ids, token_lines
from numerate.rollouts.rollout_builder import check_settings
from numerate.types import Engine, Finish, Prompt, Rollout, Sampling, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy

BREAK = "\n"


class Conditioned:
    """Implements `types.Engine` over another engine, for a policy that has `conditioning`."""

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self.engine, self.policy = engine, policy

    def sync(self, policy: Any) -> None:
        self.engine.sync(policy)
        self.policy = policy

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Yields n rollouts per prompt as they finish; all rollouts of a call are in memory together.

        `max_tokens` is about what the policy writes: tags don't count. Raises ValueError for stop strings,
        and where the engine does not say what ended a line."""
        check_settings(n, params)
        if params.stop:
            raise ValueError("a return-conditioned policy is sampled line by line, without stop strings")
        return self._rollouts(prompts, n, params)

    def _rollouts(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Samples all first lines, then the second lines of the unfinished rollouts, and so on."""
        tag = self._tag()
        starts = [_begin(self.policy, prompt, tag, params.max_tokens) for prompt in prompts]
        live = {(start.prompt.problem_id, i): replace(start, index=i) for start in starts for i in range(n)}
        next_prompts = [start.next_prompt(start.prompt.problem_id) for start in starts]
        line = 0
        while live:
            room = max(draft.left for draft in live.values())
            line_params = replace(params, stop=(BREAK,), max_tokens=room)
            for sampled in self.engine.sample(next_prompts, 1 if line else n, line_params):
                draft = live[sampled.problem_id, sampled.index]
                draft.take(self.policy, sampled, tag)
                if draft.finish:
                    yield draft.rollout(params.seed, sampled.policy)
            line += 1
            going = [draft for draft in live.values() if not draft.finish]
            named = {f"{start.prompt.problem_id}/{start.index}/{line}": start for start in going}
            live = {(name, 0): draft for name, draft in named.items()}
            next_prompts = [draft.next_prompt(name) for name, draft in named.items()]

    def _tag(self) -> Turn:
        conditioning = self.policy.conditioning
        assert conditioning is not None, "this policy has no return tags"
        return Turn("user", conditioning.target_tag, tuple(tag_ids(self.policy, conditioning.target_tag)))


@dataclass
class _Draft:
    prompt: Prompt
    """the prompt, its last turn with the ids of all"""
    turns: tuple[Turn, ...]
    """turns after it: tags, lines, and the prefix"""
    left: int
    """tokens that it may still write"""
    index: int = 0
    finish: Finish | None = None

    def next_prompt(self, name: str) -> Prompt:
        """Returns the prompt of the next line: the engine continues it up to a line break."""
        text = "".join(turn.text for turn in self.turns)
        prefix = Turn("assistant", text, tuple(i for turn in self.turns for i in turn.ids))
        return replace(self.prompt, problem_id=name, turns=(*self.prompt.turns, prefix))

    def take(self, policy: Policy, sampled: Rollout, tag: Turn) -> None:
        """Adds a line, and a tag where another may follow."""
        line = sampled.turns[-1]
        ended = _ended(policy, sampled)
        if len(line.ids) > self.left:
            line = replace(line, ids=line.ids[: self.left], logprobs=line.logprobs[: self.left])
            ended = "length"
        self.left -= len(line.ids)
        self.finish = ended or (None if self.left else "length")
        self.turns += (replace(line, text=policy.decode(line.ids)), *(() if self.finish else (tag,)))

    def rollout(self, seed: int, policy: str) -> Rollout:
        assert self.finish is not None
        turns = (*self.prompt.turns, *self.turns)
        return Rollout(self.prompt.problem_id, self.index, turns, self.finish, seed=seed, policy=policy)


def _ended(policy: Policy, sampled: Rollout) -> Finish | None:
    """Returns how the whole rollout ended with this line; None where a line break did. Raises ValueError
    where that cannot be told."""
    line = sampled.turns[-1]
    if sampled.finish != "stop" or (line.ids and line.ids[-1] in policy.eos_ids):
        return sampled.finish
    if policy.decode(line.ids)[len(line.text) :].startswith(BREAK):
        return None
    raise ValueError(
        f"problem {sampled.problem_id!r}: the server does not report whether a line or the whole answer "
        "ended, and a return-conditioned policy is sampled line by line: choose a server that "
        "returns token ids, such as vLLM, or kind: local"
    )


def _begin(policy: Policy, prompt: Prompt, tag: Turn, left: int) -> _Draft:
    """Returns a prompt with tags before the lines of its prefix, and before the first line to sample."""
    *turns, last = prompt.turns
    prefix = last.text if turns and last.role == "assistant" else ""
    if prefix:
        *turns, last = turns
    ids = policy.encode_prompt(replace(prompt, turns=(*turns, last)))
    start = replace(prompt, turns=(*turns, replace(last, ids=tuple(ids))))
    if not prefix:
        return _Draft(start, (tag,), left)
    lines = token_lines(policy, policy.encode_target(prefix)[:-1])
    laid = tuple(i for line in lines for i in (*tag.ids, *line))
    if BREAK in policy.decode(
        lines[-1]
    ):  # the next line is the policy's, and its tag no turn that parts them
        laid += tag.ids
    return _Draft(start, (Turn("assistant", prefix, laid),), left)
