"""Records of a request's prompts: where their samples start, and the state of sampling them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from numerate.rollouts.local.kept_rows import KeptRollout
from numerate.rollouts.started import StartedRollout
from numerate.types import Prompt, Sampling


@dataclass(frozen=True, slots=True)
class Start:
    """Samples that start alike: at a prompt, or one after the tokens that it has."""

    prompt: Prompt
    first: int
    """index of the first"""
    stop: int
    """index after the last"""
    params: Sampling
    ids: tuple[int, ...] = ()
    """of the prompt; empty: the policy encodes it"""
    written: StartedRollout | None = None
    next_step: bool = False
    kept: KeptRollout | None = None
    """the rollout that it goes on from, with its keys and values"""


@dataclass(slots=True)
class PromptState:
    start: Start
    ids: tuple[int, ...]
    """of the prompt"""
    state: Any
    """what the backend keeps of the tokens"""
    logits_V: Tensor | None
    """after the last token; None where a kept rollout goes on"""
    room: int
    """tokens of its longest answer"""
    started: int
    """index of its first sample without a slot"""
    done: int = 0
    supplied: int = 0
    """tokens that a kept rollout's row is given first; they belong to the prompt"""

    @property
    def prompt(self) -> Prompt:
        return self.start.prompt

    @property
    def all_started(self) -> bool:
        return self.started == self.start.stop

    @property
    def sizes(self) -> tuple[int, int]:
        """Returns how many tokens it begins with, and how many may follow."""
        written = len(self.start.written.ids) if self.start.written else 0
        return len(self.ids) + written, self.room - written
