"""Partial solutions of value-guided sampling: their turns, and where a step of theirs ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from numerate.rollouts.sample_request import SampleRequest
from numerate.steps import split
from numerate.tool_formats import ToolFormat
from numerate.types import Finish, Prompt, Rollout, Step, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy

STEP_END = "\n"


@dataclass(frozen=True, slots=True)
class Partial:
    """A solution up to the end of a step, or a part of the next one."""

    prompt: Prompt
    left: int
    """tokens that it may still have"""
    ids: tuple[int, ...] = ()
    """of the prompt, once a request has returned"""
    turns: tuple[Turn, ...] = ()
    programs: tuple[str, ...] = ()
    """that have run"""
    calls: int = 0
    steps: tuple[Step, ...] = ()
    """with their values"""
    finish: Finish | None = None
    """None: it can be extended"""
    policy: str = ""
    """name of the policy"""

    @property
    def text(self) -> str:
        return "".join(turn.text for turn in self.turns)

    @property
    def value(self) -> float:
        """Returns the value after its last step."""
        return (self.steps[-1].score or 0.0) if self.steps else 0.0

    @property
    def words(self) -> str:
        """Returns what the policy wrote after the last output."""
        outputs = [index for index, turn in enumerate(self.turns) if turn.role == "tool"]
        return "".join(turn.text for turn in self.turns[outputs[-1] + 1 if outputs else 0 :])

    def request(self, name: str, count: int, follows: tuple[str, int] | None = None) -> SampleRequest:
        """Returns the request for rollouts that continue it. follows: see `SampleRequest`."""
        if not self.turns:
            return SampleRequest(replace(self.prompt, problem_id=name), 0, count, self.left)
        written = Turn("assistant", self.text, tuple(i for turn in self.turns for i in turn.ids))
        prompt = replace(self.prompt, problem_id=name, turns=(*self.prompt.turns, written))
        return SampleRequest(prompt, 0, count, self.left, (*self.ids, *written.ids), follows)

    def sampled_turns(self, sampled: Rollout) -> list[Turn]:
        """Returns the new turns of a rollout of `request`."""
        return list(sampled.turns[len(self.prompt.turns) + bool(self.turns) :])

    def extend(self, turns: Sequence[Turn], policy: Policy) -> Partial:
        """Returns it with further turns, those that the policy wrote in a row as one."""
        joined, left = list(self.turns), self.left
        for turn in turns:
            left -= len(turn.ids)
            if joined and joined[-1].trained and turn.trained:
                joined[-1] = join_turns(joined[-1], turn, policy)
            elif turn.ids or turn.text or not joined:
                joined.append(turn)
        return replace(self, turns=tuple(joined), left=left)

    def end(self, finish: Finish | None, flaw: str | None = None) -> Partial:
        """Returns it as ended. flaw: what is wrong with its last turn."""
        turns = (*self.turns[:-1], replace(self.turns[-1], status=flaw)) if flaw else self.turns
        return replace(self, turns=turns, finish=finish)

    def with_value(self, value: float) -> Partial:
        """Returns it with the value of its text; what is behind its last step, blanks aside, is one more."""
        start, text = self.steps[-1].end if self.steps else 0, self.text
        new = text[start:].strip()
        if self.steps and not new:
            return replace(self, steps=(*self.steps[:-1], replace(self.steps[-1], score=value)))
        start = text.index(new, start)
        return replace(self, steps=(*self.steps, Step(start, start + len(new), new, score=value)))

    def rollout(self, index: int, seed: int) -> Rollout:
        assert self.finish is not None, "only complete solutions become rollouts"
        *first, last = self.prompt.turns
        turns = (*first, replace(last, ids=self.ids), *self.turns)
        name = self.prompt.problem_id
        return Rollout(name, index, turns, self.finish, steps=self.steps, seed=seed, policy=self.policy)


def join_turns(first: Turn, second: Turn, policy: Policy) -> Turn:
    """Returns two turns of the policy as one. Blanks at the start of the second depend on the tokens before
    it for some tokenizers, so both are decoded together where that gives the text of the first."""
    ids = (*first.ids, *second.ids)
    text = policy.decode(ids)
    if not text.startswith(first.text) or text[len(first.text) :].strip() != second.text.strip():
        text = first.text + second.text
    return replace(
        first,
        text=text,
        ids=ids,
        logprobs=(*first.logprobs, *second.logprobs),
        token_classes=(*first.token_classes, *second.token_classes),
        status=second.status,
    )


def ends_step(text: str, tail: str, words: str, start: int, tools: ToolFormat | None) -> bool:
    """Checks whether a line break ends a step: not in a program or a fence, not between a program and its
    call, and not after blanks only. Lines of open TeX are steps, for it may never be closed.

    text: the solution up to and with `tail`, which begins with the line break. words: what the policy wrote
    after the last output. start: end of the step before."""
    if not text[start:].strip():
        return False
    blocks = list(tools.block.finditer(words)) if tools else []
    if blocks and (not blocks[-1][2] or not words[blocks[-1].end() :].strip()):
        return False
    return any(step.start >= len(text) - len(tail) for step in split(text + "x"))
