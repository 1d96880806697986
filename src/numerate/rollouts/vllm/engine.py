"""The vLLM engine: samples with vLLM in this process, on weights that are handed over in memory.

There is one vLLM per process, and it outlives the engines that use it: starting one takes from seconds to
minutes, another set of weights of the same shape a moment. Every rollout is a request of its own with a
seed of its own; the cache of prefixes lets the rollouts at a problem share its prompt. Where a rollout ends
is decided here, as in the local engine."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

from numerate.rollouts.rollout_builder import check_settings
from numerate.rollouts.sample_request import SampleRequest, whole_requests
from numerate.rollouts.vllm import llm
from numerate.rollouts.vllm.llm import Settings
from numerate.rollouts.vllm.request import Request
from numerate.types import Prompt, Rollout, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Policy


class VllmEngine:
    """Implements `types.Engine`. Call `sync` after the policy was trained: vLLM keeps a copy of the weights.

    memory: GiB for keys and values; None is 1 on a CPU, and on a GPU what `gpu_share` leaves.
    gpu_share: how much of a GPU's memory vLLM may take for weights, keys and values, the learner's aside.
    max_seqs: rollouts that are decoded at the same time; None is vLLM's own choice.
    context: tokens that prompt and answer may have together; None is as many as the model can hold.
    sleep: on a GPU, gives the memory back between requests, at the price of moving the weights out and in.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        memory: float | None = None,
        gpu_share: float = 0.5,
        max_seqs: int | None = None,
        context: int | None = None,
        sleep: bool = False,
    ) -> None:
        self.settings = Settings(memory, gpu_share, max_seqs, context, sleep)
        self.sync(policy)

    def sync(self, policy: Policy) -> None:
        """Copies the policy's present weights, adapters merged; the policy stays as it is.

        Starts vLLM where none runs with these settings for a model of this shape. Raises ValueError while
        samples are being drawn, and where vLLM cannot run the model."""
        self.policy = policy
        self.weights = object()
        """stands for this state of the policy"""
        self._host()

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Generator[Rollout, None, None]:
        """Yields n rollouts per prompt as they finish. Raises ValueError where a setting makes no sense.

        A prompt that leaves no room for an answer in the context gives n empty rollouts that finished by
        length. Where another engine's weights are in vLLM, this one's policy goes in again, as it is now."""
        check_settings(n, params)
        return self.stream(whole_requests(prompts, n), params)

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Generator[Rollout, None, None]:
        """Yields the rollouts of requests: see `sample_request.StreamEngine`."""
        running = self._host()
        with running.drawing():
            yield from Request(running, self.policy, requests, params).run()

    def most_unfinished(self, params: Sampling) -> None:
        """Returns no limit: requests that wait for a program hold nothing here."""

    def _host(self) -> llm.Host:
        """Returns the vLLM of this process, with this engine's weights in it."""
        return llm.get_host(self.policy, self.weights, self.settings)

    def close(self) -> None:
        """Ends the vLLM of this process and frees its memory; the next request starts one again.

        Raises ValueError while samples are being drawn."""
        llm.stop_host()
