"""One call of `sample`: which requests are sent, and what becomes of their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from numerate.rollouts.rng import seed_of
from numerate.rollouts.rollout_builder import build_rollout
from numerate.rollouts.sample_request import SampleRequest
from numerate.rollouts.server.async_runner import Background
from numerate.rollouts.server.client import Client, Refused
from numerate.rollouts.server.dialects import FORMS, Fields, Form, UnsupportedForm, request_body
from numerate.rollouts.server.discovery import Served, find_served
from numerate.rollouts.server.responses import ServerResponse, read_response, response_turn
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn

if TYPE_CHECKING:
    from numerate.rollouts.server import ServerEngine

UNFIT = (400, 422)
"""how a server refuses a form of request that it does not know, among other things"""


@dataclass(frozen=True)
class PromptRequest:
    """The rollouts first .. first + count - 1 at a problem, in one request."""

    prompt: Prompt
    ids: tuple[int, ...]
    first: int
    count: int
    max_tokens: int

    def singles(self, skip: int = 0) -> list[PromptRequest]:
        """Returns one request per rollout, without the first `skip`."""
        return [replace(self, first=i, count=1) for i in range(self.first + skip, self.first + self.count)]


class RequestLoop:
    """Everything but the requests themselves happens in the caller's thread."""

    def __init__(
        self, engine: ServerEngine, requests: Iterable[SampleRequest | None], params: Sampling
    ) -> None:
        self.engine, self.policy, self.params = engine, engine.policy, params
        self.requests = iter(requests)
        self.all_read = False
        """whether every request was read"""
        self.waiting: deque[PromptRequest] = deque()
        self.unstarted: list[Rollout] = []
        """rollouts of prompts that do not fit the context"""
        self.untried = deque(FORMS)
        self.refusals: list[str] = []

    def run(self) -> Generator[Rollout, None, None]:
        """Yields rollouts, in rounds: send requests as far as there is room, take the first response, yield
        its rollouts."""
        client = self.engine.client()
        with Background[PromptRequest, ServerResponse](client.close) as flights:
            if self.engine.served is None:
                self.engine.served = flights.wait(find_served(client, self.policy.name, self.engine.model))
            self.send(flights, client)
            while flights or self.unstarted or not self.all_read:
                done, self.unstarted = self.unstarted, []
                if flights:
                    done += self.take(*flights.next())
                self.send(flights, client)
                yield from done

    @property
    def served(self) -> Served:
        assert self.engine.served is not None
        return self.engine.served

    # sending

    def send(self, flights: Background[PromptRequest, ServerResponse], client: Client) -> None:
        """Keeps `concurrency` requests pending; only one until the server has answered once."""
        while len(flights) < (self.engine.concurrency if self.engine.form else 1):
            ask = self.next_ask()
            if ask is None:
                return
            flights.start(client.post("/v1/completions", self.fields(ask), read_response), ask)

    def next_ask(self) -> PromptRequest | None:
        if not self.waiting and not self.next_prompt():
            return None
        if self.waiting[0].count > 1 and not self.engine.several:
            self.waiting.extendleft(reversed(self.waiting.popleft().singles()))
        return self.waiting.popleft()

    def next_prompt(self) -> bool:
        """Reads the next prompt that fits the context; False where there is none, or none yet."""
        for request in self.requests:
            if request is None:
                return False
            if not request.count:
                continue
            prompt = request.prompt
            ids = tuple(request.prompt_ids(self.policy))
            ask = PromptRequest(prompt, ids, request.first, request.count, request.limit(self.params))
            if self.room(ask) > 0:
                self.waiting.append(ask)
                return True
            nothing = Turn("assistant", "", trained=True)
            self.unstarted += [
                self.rollout(ask, index, nothing, "length") for index in range(request.first, request.stop)
            ]
        self.all_read = True
        return False

    def room(self, ask: PromptRequest) -> int:
        """Returns how many tokens an answer may have."""
        contexts = [length for length in (self.policy.context, self.served.context) if length]
        return min([ask.max_tokens, *(length - len(ask.ids) for length in contexts)])

    def fields(self, ask: PromptRequest) -> Fields:
        """Returns the fields of a request, in the form that this server accepts or in the next possible
        one."""
        seed = seed_of(self.params.seed, self.params.round, ask.prompt.problem_id, ask.first)
        params = replace(self.params, max_tokens=self.room(ask))
        arguments = (self.served.model, ask.prompt, ask.ids, ask.count, seed, params, self.policy)
        if self.engine.form:
            return request_body(self.engine.form, *arguments)
        while True:
            try:
                return request_body(self.untried[0], *arguments)
            except UnsupportedForm as error:
                self.give_up_form(str(error), ask)

    # taking

    def take(self, ask: PromptRequest, future: Future[ServerResponse]) -> list[Rollout]:
        """Returns the rollouts of a response; missing ones are requested again."""
        try:
            answer = future.result()
        except Refused as refused:
            self.refused(ask, refused)
            return []
        form = self.engine.form = self.engine.form or self.untried[0]
        self.check_tokens(ask, answer, form)
        choices = answer.choices[: ask.count]
        if len(choices) < ask.count:
            self.engine.several = False
            self.waiting.extendleft(reversed(ask.singles(skip=len(choices))))
        # temperature 1 with nothing cut off is the model itself, whatever the server calls a log-probability
        itself = self.params.temperature == 1 and self.params.top_p == 1 and not self.params.top_k
        return [
            self.rollout(
                ask,
                ask.first + i,
                response_turn(choice, self.params, self.policy, self.served.raw or itself, ask.prompt.chat),
                choice.finish,
            )
            for i, choice in enumerate(choices)
        ]

    def refused(self, ask: PromptRequest, refused: Refused) -> None:
        """Retries in another form where that may help; raises where it cannot."""
        if refused.status not in UNFIT:
            raise refused.about(f"the requested model was {self.served.model!r}")
        if self.engine.form is None:
            self.give_up_form(refused.message, ask)
        elif ask.count > 1:
            self.engine.several = False
        else:
            raise refused.about(f"at problem {ask.prompt.problem_id!r}")
        self.waiting.appendleft(ask)

    def give_up_form(self, why: str, ask: PromptRequest) -> None:
        """Switches to the next form, after the last one to single rollouts. Raises when all are exhausted."""
        self.refusals.append(f"{self.untried.popleft().name}: {why}")
        if self.untried:
            return
        if ask.count == 1 or not self.engine.several:
            reasons = "\n".join(dict.fromkeys(self.refusals))
            raise ValueError(
                f"the server at {self.engine.url} rejected every form of request for the model "
                f"{self.served.model!r}:\n{reasons}"
            )
        self.engine.several = False
        self.untried.extend(FORMS)

    def check_tokens(self, ask: PromptRequest, answer: ServerResponse, form: Form) -> None:
        """Checks that a text reaches the model as the intended tokens."""
        counted = answer.prompt_tokens
        if not form.ids and counted is not None and counted != len(ask.ids):
            raise ValueError(
                f"problem {ask.prompt.problem_id!r}: the server at {self.engine.url} counts {counted} "
                f"tokens in the prompt, and {self.policy.name!r} counts {len(ask.ids)}: the server's "
                "model has another tokenizer; name the model on the server"
            )

    def rollout(self, ask: PromptRequest, index: int, turn: Turn, finish: Finish) -> Rollout:
        return build_rollout(ask.prompt, ask.ids, index, [turn], finish, self.params.seed, self.policy.name)
