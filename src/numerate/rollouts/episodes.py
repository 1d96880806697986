"""Episodes: rollouts in which programs run, from any engine that takes requests one after the other.

The policy writes up to the end of a call; the program runs while other rows decode; its output is inserted as
a turn of the tool, which is among the ids and never trained; the policy goes on. Every turn is a request of
its own, so random numbers follow from (problem, index, turn): a rollout depends on no neighbour and on no
program's speed. Sampled ids are kept as they are, the output is encoded by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numerate.interpreter import Execution, Executor, Session
from numerate.models.tokenization import encode_tool_reply
from numerate.rollouts.programs import Programs, refused_call
from numerate.rollouts.rollout_builder import check_settings
from numerate.rollouts.sample_request import SampleRequest, StreamEngine
from numerate.rollouts.turn_ends import control_stops, stop_tail
from numerate.tool_formats import REPLY, ToolFormat, parse_turn, shown_output
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.tool_options import ToolOptions

UNREPORTED = "whether a call or the whole answer ended, and programs run between the turns"


class Episodes:
    """Implements `types.Engine` over another engine: see the module."""

    def __init__(
        self, engine: StreamEngine, policy: Policy, options: ToolOptions, executor: Executor | None = None
    ) -> None:
        """Creates the engine. executor: runs the programs; None makes the one of the options.

        Raises ValueError where the policy's chat template has no tool role and the format needs it."""
        self.engine, self.policy, self.options = engine, policy, options
        self.executor = executor or options.executor()
        self.format = options.tool_format
        encode_reply(policy, self.format, "")

    def sync(self, policy: Any) -> None:
        self.engine.sync(policy)
        self.policy = policy

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Yields n rollouts per prompt as they finish. `max_tokens` limits the whole episode, with outputs.

        `finish` is max_turns where the policy wants more calls than the options allow, tool_error where a
        turn has code and an answer, or where programs cannot be run at all."""
        check_settings(n, params)
        return EpisodeLoop(self, prompts, n, params).run()


@dataclass
class Episode:
    """A rollout in the making."""

    prompt: Prompt
    index: int
    left: int
    """tokens that it may still have"""
    ids: tuple[int, ...] = ()
    """of the prompt, once its first turn is there"""
    turns: list[Turn] = field(default_factory=list[Turn])
    calls: int = 0
    last: tuple[str, int] | None = None
    """problem id and index of its last turn in the engine, where that was a call"""
    session: Session | None = None

    def next_request(self) -> SampleRequest:
        """Returns the request of the next turn: the engine goes on after the tokens that it has."""
        text = "".join(turn.text for turn in self.turns)
        written = Turn("assistant", text, tuple(i for turn in self.turns for i in turn.ids))
        name = f"{self.prompt.problem_id} rollout {self.index} turn {self.calls}"
        prompt = replace(self.prompt, problem_id=name, turns=(*self.prompt.turns, written))
        return SampleRequest(prompt, 0, 1, self.left, (*self.ids, *written.ids), self.last)

    def add(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            if turn.ids or turn.text or not self.turns:
                self.turns.append(turn)
                self.left -= len(turn.ids)

    def mark_last(self, status: str) -> None:
        self.turns[-1] = replace(self.turns[-1], status=status)

    def close(self) -> None:
        if self.session:
            self.session.close()
            self.session = None


class EpisodeLoop:
    """One call of `sample`."""

    def __init__(self, parent: Episodes, prompts: Iterable[Prompt], n: int, params: Sampling) -> None:
        self.parent, self.policy, self.format = parent, parent.policy, parent.format
        self.prompts, self.n = iter(prompts), n
        self.params = replace(params, stop=(*params.stop, self.format.stop))
        self.live: dict[tuple[str, int], Episode] = {}
        """episodes with the engine, by the names in its rollouts"""
        self.running = Programs[Episode]()
        self.ready: deque[Episode] = deque()
        self.released: list[SampleRequest] = []
        """requests that only say what is no longer needed"""
        self.most = parent.engine.most_unfinished(self.params)
        self.ended: list[Rollout] = []
        """rollouts that ended with an output"""
        self.control = control_stops(self.policy, [self.format.stop])

    def run(self) -> Iterator[Rollout]:
        try:
            for sampled in self.parent.engine.stream(self.requests(), self.params, resumable=True):
                yield from self.take(sampled)
                yield from self.pop_ended()
            yield from self.pop_ended()
        finally:
            for episode in [*self.live.values(), *self.running, *self.ready]:
                episode.close()

    def pop_ended(self) -> list[Rollout]:
        ended, self.ended = self.ended, []
        return ended

    def requests(self) -> Iterator[SampleRequest | None]:
        """Yields the next turns of episodes whose programs have ended, then new prompts; None while all
        episodes are with the engine or run a program."""
        while True:
            self.take_outputs(wait=False)
            if self.released:
                yield self.released.pop()
            elif self.ready:
                episode = self.ready.popleft()
                request = episode.next_request()
                self.live[request.prompt.problem_id, 0] = episode
                yield request
            elif self.has_room and (prompt := next(self.prompts, None)) is not None:
                for index in range(self.n):
                    episode = Episode(prompt, index, self.params.max_tokens)
                    self.live[prompt.problem_id, index] = episode
                yield SampleRequest(prompt, 0, self.n)
            elif self.live:
                yield None
            elif self.running:
                self.take_outputs(wait=True)
            else:
                return

    @property
    def has_room(self) -> bool:
        """Checks whether the engine has memory for the rollouts of another prompt."""
        unfinished = len(self.live) + len(self.running) + len(self.ready)
        return self.most is None or not unfinished or unfinished + self.n <= self.most

    def take(self, sampled: Rollout) -> Iterator[Rollout]:
        """Adds a turn of the policy; yields the rollout where it ends with it."""
        episode = self.live.pop((sampled.problem_id, sampled.index))
        turns, called = self.read_turns(episode, sampled)
        episode.last = (sampled.problem_id, sampled.index) if called else None
        episode.add(turns)
        parsed = parse_turn(self.format, "".join(turn.text for turn in turns), called)
        if parsed.flaw:
            episode.mark_last(parsed.flaw)
        finish: Finish | None = None if called else sampled.finish
        if parsed.flaw == "code_and_answer":
            finish = "tool_error"
        elif called and episode.calls >= self.parent.options.turns:
            finish = "max_turns"
        if finish:
            yield self.rollout(episode, sampled.seed, sampled.policy, finish)
            return
        episode.calls += 1
        future = refused_call(parsed.flaw) or self.start(episode, parsed.code or "")
        self.running.add(future, episode)

    def read_turns(self, episode: Episode, sampled: Rollout) -> tuple[list[Turn], bool]:
        """Returns what the policy wrote, and whether it is a call: its text then has the stop string. Raises
        ValueError where that cannot be told."""
        first = len(episode.prompt.turns)
        if not episode.ids:
            episode.ids = sampled.turns[first - 1].ids
            context = self.policy.context or episode.left + len(episode.ids)
            episode.left = min(episode.left, context - len(episode.ids))
        start = first + bool(episode.turns)
        turns = list(sampled.turns[start:])
        name = episode.prompt.problem_id
        tail = stop_tail(self.policy, self.control, sampled, turns, name, UNREPORTED)
        if not tail.startswith(self.format.stop):  # EOS, or another stop string, which ends the rollout
            return turns, False
        turns[-1] = replace(turns[-1], text=turns[-1].text + tail)
        return turns, True

    def start(self, episode: Episode, code: str) -> Future[Execution]:
        """Starts the program of a call."""
        executor = self.parent.executor
        if not self.parent.options.keep_state:
            return executor.submit(code)
        episode.session = episode.session or executor.session()
        return episode.session.submit(code)

    def take_outputs(self, wait: bool) -> None:
        """Inserts the outputs of the programs that have ended; waits for one of them."""
        for episode, execution in self.running.take(wait):
            self.insert(episode, execution)

    def insert(self, episode: Episode, execution: Execution) -> None:
        """Adds the turn of the tool, and lets the episode go on where it has room."""
        output = shown_output(execution.stdout, execution.error_line, self.parent.options.output)
        text, ids = encode_reply(self.policy, self.format, output, episode.turns[-1].text)
        fits = len(ids) < episode.left
        if fits:
            episode.add([Turn("tool", text, ids, status=execution.status)])
        if fits and execution.status != "setup_failed":
            self.ready.append(episode)
            return
        finish: Finish = "length" if not fits else "tool_error"
        self.ended.append(self.rollout(episode, self.params.seed, self.policy.name, finish))

    def rollout(self, episode: Episode, seed: int, policy: str, finish: Finish) -> Rollout:
        episode.close()
        if episode.last:
            self.released.append(SampleRequest(episode.prompt, 0, 0, follows=episode.last))
        *first, last = episode.prompt.turns
        turns = (*first, replace(last, ids=episode.ids), *episode.turns)
        return Rollout(episode.prompt.problem_id, episode.index, turns, finish, seed=seed, policy=policy)


def encode_reply(
    policy: Policy, format: ToolFormat, output: str, before: str = ""
) -> tuple[str, tuple[int, ...]]:
    """Returns the text and the ids that follow a call with this output. before: the text of the call; a line
    break that its last token brought along is not repeated."""
    if format.template:
        return REPLY.format(output), tuple(encode_tool_reply(policy.tokenizer, output))
    text = format.insert(output)
    if before.endswith("\n"):
        text = text.removeprefix("\n")
    return text, tuple(policy.encode_target(text)[:-1])
