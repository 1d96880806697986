"""Rollouts of the next step that an engine starts while slots are free: their records, and their file.

A record holds tokens and the log-probabilities of the policy that sampled them, no keys or values: the next
step computes these again with its own weights, so that a stage resumed from the file equals the uninterrupted
one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numerate.rollouts.rollout_builder import written_turns
from numerate.rollouts.slots import Written
from numerate.store import read_jsonl, write_jsonl
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn

STARTED = "started.jsonl"
"""file in the folder of a round, of the rollouts of the next round"""


@dataclass(frozen=True, slots=True)
class StartedRollout:
    problem_id: str
    index: int
    ids: tuple[int, ...] = ()
    """at least one, unless it is finished"""
    logprobs: tuple[float, ...] = ()
    """one per id; 0 where a calculator wrote it"""
    supplied: tuple[bool, ...] = ()
    """one per id: written by a calculator"""
    waiting: tuple[int, ...] = ()
    """tokens that a calculator will write next"""
    finish: Finish | None = None
    """None: not finished"""
    text: str = ""
    """of a finished rollout, up to a stop string"""
    step: int = 0
    """the step whose policy sampled it"""

    @property
    def sampled(self) -> int:
        """Returns the number of tokens that the policy sampled."""
        return len(self.ids) - sum(self.supplied)

    @property
    def written(self) -> Written:
        classes = [0] * len(self.ids)
        return Written(list(self.ids), list(self.logprobs), classes, list(self.supplied))

    def turns(self, decode: Callable[[list[int]], str]) -> list[Turn]:
        """Returns the completion of a finished rollout."""
        turns = list(written_turns(self.written, self.text, decode, has_classes=False))
        return turns or [Turn("assistant", self.text, trained=True)]


@dataclass
class Lookahead:
    """A request's rollouts that were started before it, and the prompts whose rollouts it may start."""

    begun: Sequence[StartedRollout] = ()
    """of the prompts of this request; of a prompt those with the lowest indices"""
    prompts: Sequence[Prompt] = ()
    """of the next step"""
    params: Sampling = field(default_factory=Sampling)
    """of the next step"""
    most: int | None = None
    """rollouts that are in the making at once; None: as many as the request has"""
    started: list[StartedRollout] = field(default_factory=list[StartedRollout])
    """result: rollouts of `prompts`, in the order of prompts and indices, complete when the request ends"""

    def by_problem(self) -> dict[str, list[StartedRollout]]:
        """Returns the rollouts of `begun` by problem, in the order of their indices."""
        groups: dict[str, list[StartedRollout]] = {}
        for rollout in sorted(self.begun, key=lambda rollout: rollout.index):
            groups.setdefault(rollout.problem_id, []).append(rollout)
        return groups

    def sort(self) -> None:
        order = {prompt.problem_id: i for i, prompt in enumerate(self.prompts)}
        self.started.sort(key=lambda rollout: (order[rollout.problem_id], rollout.index))


@runtime_checkable
class AheadEngine(Protocol):
    """An engine that starts rollouts of the next step in free slots."""

    def sample_ahead(
        self, prompts: Sequence[Prompt], n: int, params: Sampling, ahead: Lookahead
    ) -> Iterator[Rollout]: ...


@dataclass
class StepEngine:
    """Implements `types.Engine` for the collection of one step, over an engine that samples ahead. The file
    of started rollouts is complete before the last rollouts of the step are stored."""

    engine: AheadEngine
    begun: Sequence[StartedRollout]
    problems: Sequence[str]
    """of the step; free slots follow in the request with the last one"""
    prompts: Sequence[Prompt]
    params: Sampling
    path: Path
    step: int

    def sync(self, policy: Any) -> None:
        raise AssertionError("the weights do not change within a step")

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        names = {prompt.problem_id for prompt in prompts}
        begun = [rollout for rollout in self.begun if rollout.problem_id in names]
        last = self.problems[-1] in names
        most = n * len(self.problems)
        ahead = Lookahead(begun, self.prompts if last else (), self.params, most)
        yield from self.engine.sample_ahead(prompts, n, params, ahead)
        if last:
            write_started(self.path, [replace(rollout, step=self.step) for rollout in ahead.started])


def write_started(path: Path, rollouts: Sequence[StartedRollout]) -> None:
    write_jsonl(path, [asdict(rollout) for rollout in rollouts])


def read_started(path: Path) -> list[StartedRollout]:
    """Raises ValueError for a file that is missing or damaged."""
    try:
        return [
            StartedRollout(**{key: as_tuple(value) for key, value in row.items()}) for row in read_jsonl(path)
        ]
    except (TypeError, ValueError) as error:
        remedy = f"restore it, or delete {path.parent.parent.parent} to start the stage again"
        raise ValueError(
            f"{path}: rollouts of the next step are missing or damaged ({error}); {remedy}"
        ) from error


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
