"""Requests for samples, and the interface of engines that take them one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numerate.types import Prompt, Rollout, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Policy


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """Rollouts of one prompt."""

    prompt: Prompt
    first: int
    """index of the first"""
    stop: int
    """index after the last"""
    max_tokens: int | None = None
    """of each; None: as the call's settings say"""
    ids: tuple[int, ...] = ()
    """tokens of the prompt; empty: the policy encodes it"""
    follows: tuple[str, int] | None = None
    """problem id and index of the rollout that its prompt continues, of which the engine may have kept keys
    and values; without rollouts (first = stop) it only says that these are no longer needed"""

    @property
    def count(self) -> int:
        return self.stop - self.first

    def prompt_ids(self, policy: Policy) -> list[int]:
        """Returns the tokens of the prompt. Raises ValueError where there are none."""
        ids = list(self.ids) or policy.encode_prompt(self.prompt)
        if not ids:
            problem = self.prompt.problem_id
            raise ValueError(f"problem {problem!r}: its prompt has no tokens; add text to it")
        return ids

    def limit(self, params: Sampling) -> int:
        """Returns how many tokens each rollout may have."""
        return min(params.max_tokens, self.max_tokens or params.max_tokens)


def whole_requests(prompts: Iterable[Prompt], n: int) -> Iterator[SampleRequest]:
    """Yields requests for n rollouts per prompt."""
    return (SampleRequest(prompt, 0, n) for prompt in prompts)


class StreamEngine(Protocol):
    """Interface of engines whose requests may depend on rollouts that they yielded before."""

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]: ...

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Iterator[Rollout]:
        """Yields the rollouts of the requests, in the order in which they finish.

        resumable: every rollout that ends with a stop string is followed by a request (`follows`), so its
        keys and values are worth keeping.

        Requests are read as there is room for them. None means that no request is ready: the engine goes on
        with what it has, and reads again later."""
        ...

    def sync(self, policy: Any) -> None: ...

    def most_unfinished(self, params: Sampling) -> int | None:
        """Returns how many rollouts, waiting ones included, it has memory for; None: any number."""
        ...
