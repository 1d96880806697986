"""A small world for tests of episodes: an engine whose turns are written down, and an interpreter that runs
nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from numerate.interpreter import Execution
from numerate.models.policy import Policy
from numerate.rollouts.sample_request import SampleRequest
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn

SIX = Execution("ok", "6\n")
CALL = "```python\nprint({})\n```\n```output"


@dataclass
class Script:
    """An engine that writes the same turns for every rollout; it goes by the number of outputs before."""

    policy: Policy
    turns: Sequence[str] | Callable[[str, int], Sequence[str]]
    """or made of problem id and index"""
    ends: Finish = "stop"
    eos: bool = True
    most: int | None = None
    die_after: list[int] | None = None
    """requests until it is killed"""
    requests: list[SampleRequest] = field(default_factory=list[SampleRequest])
    released: list[tuple[str, int] | None] = field(default_factory=list[tuple[str, int] | None])

    def sync(self, policy: Policy) -> None: ...

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        raise AssertionError("episodes are streamed")

    def most_unfinished(self, params: Sampling) -> int | None:
        return self.most

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Iterator[Rollout]:
        for request in requests:
            assert request is not None, "nothing runs here between two requests"
            if not request.count:
                self.released.append(request.follows)
                continue
            self.requests.append(request)
            if self.die_after:
                self.die_after[0] -= 1
                if self.die_after[0] == 0:
                    raise KeyboardInterrupt
            for index in range(request.first, request.stop):
                yield self.write(request, index, params)

    def write(self, request: SampleRequest, index: int, params: Sampling) -> Rollout:
        prompt = request.prompt
        name, _, later = prompt.problem_id.partition(" rollout ")
        first, _, turn = later.partition(" turn ")
        turns = self.turns(name, int(first or index)) if callable(self.turns) else self.turns
        text = turns[int(turn or 0)]
        *ids, eos = self.policy.encode_target(text)
        called = any(stop in text for stop in params.stop)
        over = self.ends == "stop" and not called and self.eos
        shown = text if not called else min((text.split(stop)[0] for stop in params.stop), key=len)
        ids = tuple([*ids, eos] if over else ids)
        written = Turn("assistant", shown, ids, (-0.5,) * len(ids), trained=True)
        finish: Finish = "stop" if called else self.ends
        start = replace(prompt.turns[-1], ids=tuple(self.policy.encode_prompt(prompt)))
        return Rollout(prompt.problem_id, index, (*prompt.turns[:-1], start, written), finish, policy="s")


@dataclass
class Notebook:
    """Stands for the interpreter: the output of a program is its number, after a random time."""

    answer: Execution = SIX
    slowest: float = 0.0
    programs: list[str] = field(default_factory=list[str])
    open_sessions: int = 0

    def submit(self, code: str) -> Future[Execution]:
        self.programs.append(code)
        future: Future[Execution] = Future()
        pause = random.random() * self.slowest
        if pause:
            threading.Timer(pause, future.set_result, [self.answer]).start()
        else:
            future.set_result(self.answer)
        return future

    def session(self) -> Opened:
        self.open_sessions += 1
        return Opened(self)

    def close(self) -> None: ...


@dataclass
class Opened:
    notebook: Notebook

    def submit(self, cell: str) -> Future[Execution]:
        return self.notebook.submit(cell)

    def close(self) -> None:
        self.notebook.open_sessions -= 1
