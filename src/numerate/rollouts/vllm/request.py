"""One call of `sample`: requests go to vLLM as it has room for them, what comes back becomes rollouts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from numerate.rollouts.rng import seed_of
from numerate.rollouts.rollout_builder import build_rollout
from numerate.rollouts.sample_request import SampleRequest
from numerate.rollouts.stops import Stops
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy

NUMBERS = count()
"""one per call, so that two calls at once do not mistake each other's samples for their own"""


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Tokens that came for a request, with log p of each at temperature 1 and with nothing cut off."""

    name: str
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool
    """no more will come"""


class OutputSource(Protocol):
    """The part of vLLM that a request reads."""

    context: int
    """tokens that prompt and answer may have together"""
    ahead: int
    """requests to keep it busy with"""

    def add(self, name: str, ids: Sequence[int], settings: dict[str, Any], stream: bool) -> None:
        """Requests one sample. stream: its tokens come one by one, else all at the end."""
        ...

    def take(self, names: Iterable[str]) -> list[OutputPiece]:
        """Returns the output for these requests since last time; takes one more step of vLLM where there is
        none."""
        ...

    def abort(self, names: Iterable[str]) -> None: ...


def sampling_settings(params: Sampling, seed: int, room: int, ends: Sequence[int]) -> dict[str, Any]:
    """Returns the arguments of `vllm.SamplingParams`. `ends`: tokens after which a sample is over.

    logprobs 0: those of the sampled tokens only. All else that shapes the distribution is named, so that no
    default of vLLM or of the model's own settings can."""
    return {
        "temperature": params.temperature,
        "top_p": params.top_p,
        "top_k": params.top_k,
        "min_p": 0.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "max_tokens": room,
        "seed": seed,
        "logprobs": 0,
        "stop_token_ids": list(ends),
        "detokenize": False,
    }


@dataclass(slots=True)
class _Rollout:
    prompt: Prompt
    prompt_ids: list[int]
    index: int
    max_tokens: int
    ids: list[int] = field(default_factory=list[int])
    logprobs: list[float] = field(default_factory=list[float])


class Request:
    """Memory does not grow with the number of prompts: they are read as vLLM gets through them."""

    def __init__(
        self,
        source: OutputSource,
        policy: Policy,
        requests: Iterable[SampleRequest | None],
        params: Sampling,
    ) -> None:
        self.source, self.policy, self.params = source, policy, params
        self.stops = Stops(policy.tokenizer, policy.eos_ids, params.stop, _vocabulary(policy))
        self.ends = self.stops.is_eos.nonzero()[0].tolist()
        self.number = next(NUMBERS)
        self.unsent = self.new_rollouts(requests)
        self.all_read = False
        """whether every request was read"""
        self.waiting: dict[str, _Rollout] = {}

    def new_rollouts(self, requests: Iterable[SampleRequest | None]) -> Iterator[_Rollout | None]:
        """Yields the rollouts of requests, not yet sampled; None where no request is ready."""
        for request in requests:
            if request is None:
                yield None
                continue
            if not request.count:
                continue
            prompt = request.prompt
            ids = request.prompt_ids(self.policy)
            for index in range(request.first, request.stop):
                yield _Rollout(prompt, ids, index, request.limit(self.params))
        self.all_read = True

    def run(self) -> Generator[Rollout, None, None]:
        """Yields rollouts, in rounds: request as many samples as keep vLLM busy, take the new tokens, yield
        the finished rollouts."""
        try:
            while True:
                yield from self.request_samples()
                if self.waiting:
                    for piece in self.source.take(self.waiting):
                        yield from self.append_tokens(piece)
                elif self.all_read:
                    return
        finally:
            self.source.abort(self.waiting)

    def request_samples(self) -> Iterator[Rollout]:
        """Requests samples; yields the empty rollouts of prompts that do not fit the context."""
        while len(self.waiting) < self.source.ahead:
            new = next(self.unsent, None)
            if new is None:
                return
            room = min(new.max_tokens, self.source.context - len(new.prompt_ids))
            if room < 1:
                yield self.rollout(new, "length", "")
                continue
            problem = new.prompt.problem_id
            name = f"{self.number}/{new.index}/{problem}"
            seed = seed_of(self.params.seed, self.params.round, problem, new.index)
            self.waiting[name] = new
            settings = sampling_settings(self.params, seed, room, self.ends)
            self.source.add(name, new.prompt_ids, settings, stream=bool(self.stops.strings))

    def append_tokens(self, piece: OutputPiece) -> Iterator[Rollout]:
        """Adds the tokens one by one, since a stop string may end the rollout before the last of them."""
        rollout = self.waiting[piece.name]
        for token, logprob in zip(piece.ids, piece.logprobs, strict=True):
            rollout.ids.append(token)
            rollout.logprobs.append(logprob)
            text = self.stops.text_before(rollout.ids) if self.stops.may_complete[token] else None
            if text is not None:
                if not piece.ended:
                    self.source.abort([piece.name])
                del self.waiting[piece.name]
                yield self.rollout(rollout, "stop", text)
                return
        if piece.ended:
            del self.waiting[piece.name]
            over = bool(rollout.ids) and bool(self.stops.is_eos[rollout.ids[-1]])
            text = self.policy.decode(rollout.ids[:-1] if over else rollout.ids)
            yield self.rollout(rollout, "stop" if over else "length", text)

    def rollout(self, done: _Rollout, finish: Finish, text: str) -> Rollout:
        written = Turn("assistant", text, tuple(done.ids), tuple(done.logprobs), trained=True)
        params = self.params
        return build_rollout(
            done.prompt, done.prompt_ids, done.index, [written], finish, params.seed, self.policy.name
        )


def _vocabulary(policy: Policy) -> int:
    config = policy.model.config
    return int(config.get_text_config().vocab_size)
