"""The local engine: samples in this process, on the policy's own device.

Prompt-major: a prompt is run once for all its samples. A sample that ends leaves the batch at once and
the next one takes its slot, so the batch stays full until the prompts run out. Prompts are read one by
one as slots become free: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from numerate.models.inference.choose import fast_forward
from numerate.models.inference.hf import PlainForward
from numerate.models.policy import Policy
from numerate.rollouts.local.backend import Backend
from numerate.rollouts.local.calculator import Calculator, asking_tokens
from numerate.rollouts.local.memory_budget import Budget
from numerate.rollouts.local.request import SamplingRequest
from numerate.rollouts.local.token_sampler import Steering
from numerate.rollouts.rollout_builder import check_settings
from numerate.rollouts.sample_request import SampleRequest, whole_requests
from numerate.rollouts.started import Lookahead
from numerate.types import Prompt, Rollout, Sampling


class LocalEngine:
    """Implements `types.Engine`. At most `slots` rollouts run at once (256, on a GPU 512), and
    no more than `memory` GiB hold the keys and values of (1, or a quarter of the GPU's).

    Call `sync` after the policy was trained: the fast forward pass keeps a copy of the weights in its own
    layout. calculator: rows that write `<<48/2=` are given `24>>`."""

    def __init__(
        self,
        policy: Policy,
        *,
        slots: int | None = None,
        memory: float | None = None,
        calculator: bool = False,
    ) -> None:
        if slots is not None and slots < 1:
            raise ValueError(f"an engine needs at least one slot, not {slots}")
        if memory is not None and memory <= 0:
            raise ValueError(f"an engine needs memory for keys and values, not {memory} GiB")
        self.slots, self.memory, self.calculator = slots, memory, calculator
        self.steering: Steering | None = None
        if calculator:
            vocabulary = policy.model.config.get_text_config().vocab_size
            self.asks_V = asking_tokens(policy.tokenizer, vocabulary)
        self.sync(policy)

    def sync(self, policy: Policy) -> None:
        """Copies the policy's present weights."""
        self.policy = policy
        head = self.steering.head if self.steering else None
        self.open: Callable[[int, int], Backend] = (
            fast_forward(policy.model, policy.sampling, head) or self.plain
        )
        """makes an empty batch for so many rows of so many tokens"""

    def steer(self, by: Steering | None) -> None:
        """Sets the sampler of tokens; None: plain sampling."""
        self.steering = by
        self.sync(self.policy)

    def plain(self, rows: int, tokens: int) -> Backend:
        head = self.steering.head if self.steering else None
        return PlainForward(self.policy.model, self.policy.autocast, head)

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Yields n rollouts per prompt as they finish. Raises ValueError where a setting makes no sense.

        A prompt that leaves no room for an answer in the model's context gives n empty rollouts that
        finished by length."""
        check_settings(n, params)
        return self.stream(whole_requests(prompts, n), params)

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Iterator[Rollout]:
        """Yields the rollouts of requests: see `sample_request.StreamEngine`."""
        request = self.request(requests, params)
        request.keeps = resumable and request.kept.can_keep
        return request.run()

    def most_unfinished(self, params: Sampling) -> int:
        """Returns how many rollouts there is memory for: twice as many as run at once, within the budget."""
        return min(2 * self.most_rows, Budget(self.policy, self.memory).rows(self.longest(params)))

    def sample_ahead(
        self, prompts: Sequence[Prompt], n: int, params: Sampling, ahead: Lookahead
    ) -> Iterator[Rollout]:
        """Yields n rollouts per prompt as `sample` does; those that were started continue from their tokens.

        Slots that rollouts of this step leave free start n rollouts for each prompt of the next step, until
        this step is complete: no more rollouts run at once than the step has."""
        if self.steering:
            raise ValueError("sample.ahead: 1 is not for a policy with its own token sampler: leave it out")
        check_settings(n, params)
        most = ahead.most or n * len(prompts)
        request = self.request(whole_requests(prompts, n), params, most)
        request.ahead, request.started, request.per_prompt = ahead, ahead.by_problem(), n
        return request.run()

    def request(
        self, requests: Iterable[SampleRequest | None], params: Sampling, most: int | None = None
    ) -> SamplingRequest:
        """Returns the state of a call, of which at most `most` rollouts run at once."""
        check_settings(1, params)
        budget = Budget(self.policy, self.memory)
        slots = min(self.most_rows, most or self.most_rows, budget.rows(self.longest(params)))
        backend = self.open(slots, params.max_tokens)
        request = SamplingRequest(self.policy, backend, requests, params, slots, budget)
        if self.steering:
            request.steered, request.choose = True, self.steering.begin(request.slots)
        if self.calculator:
            request.supplied = Calculator(self.policy.tokenizer, self.asks_V)
        return request

    @property
    def most_rows(self) -> int:
        return self.slots or (512 if self.policy.device.type == "cuda" else 256)

    def longest(self, params: Sampling) -> int:
        """Returns the number of tokens of the longest rollout."""
        return min(params.max_tokens, self.policy.context or params.max_tokens)
