"""The server engine: samples by asking an OpenAI-compatible server for completions.

Rollouts stream as their requests come back. Prompts are read one by one as places become free: memory does
not grow with their number. A request is repeated as it was, with its seed, until it has a whole answer, and
an answer is taken once: a server that goes away and comes back costs no rollout and doubles none."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from numerate.rollouts.rollout_builder import check_settings
from numerate.rollouts.sample_request import SampleRequest, whole_requests
from numerate.rollouts.server import health
from numerate.rollouts.server.client import Client
from numerate.rollouts.server.dialects import Form
from numerate.rollouts.server.discovery import Served
from numerate.rollouts.server.requests import RequestLoop
from numerate.types import Prompt, Rollout, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Policy


class ServerEngine:
    """Implements `types.Engine`; the options are those of `options.ServerOptions`."""

    def __init__(
        self,
        policy: Policy,
        *,
        url: str,
        model: str | None = None,
        weights: Literal["fixed", "by_path"] = "fixed",
        folder: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        patience: float = 600.0,
        key_variable: str | None = None,
    ) -> None:
        self.url = health.base_url(url)
        self.model, self.weights, self.folder = model, weights, folder
        self.concurrency, self.timeout, self.patience = concurrency, timeout, patience
        self.key = health.api_key(key_variable)
        self.login = health.server_login(url, key_variable)
        self.policy = policy
        self.served: Served | None = None
        """the policy on the server, once that is known"""
        self.form: Form | None = None
        """form of requests that this server accepts, after its first response"""
        self.several = True
        """whether one request brings several rollouts: until one brings fewer"""
        self._weights_folder: Path | None = None
        self._saves = 0
        if weights == "by_path":
            self.sync(policy)

    def sync(self, policy: Policy) -> None:
        """Replaces the server's weights by the policy's present ones. Raises ValueError where the server
        cannot take weights."""
        if self.weights == "fixed":
            raise ValueError(
                f"the weights of the server at {self.url} are fixed, so it cannot be used for "
                "training: set engine: {kind: local}, or weights: by_path for a server that loads "
                "directories"
            )
        self.policy = policy
        self.served = Served(self._saved(policy))

    def _saved(self, policy: Policy) -> str:
        """Returns where the server finds the policy. Every set of weights has a name of its own: a server
        keeps what it has loaded under a name."""
        if policy.remote_path:
            return policy.remote_path
        if self._weights_folder is None:
            if self.folder:
                Path(self.folder).mkdir(parents=True, exist_ok=True)
            self._weights_folder = Path(
                tempfile.mkdtemp(prefix="numerate-weights-", dir=self.folder)
            ).resolve()
            weakref.finalize(self, shutil.rmtree, self._weights_folder, ignore_errors=True)
        self._saves += 1
        return str(policy.save(self._weights_folder / str(self._saves), lasting=False))

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Generator[Rollout, None, None]:
        """Yields n rollouts per prompt as their requests come back. Raises ValueError where a setting makes
        no sense or the server refuses a request, ServerGone when `patience` is exceeded.

        A prompt that leaves no room for an answer in the model's context gives n empty rollouts that
        finished by length."""
        check_settings(n, params)
        return self.stream(whole_requests(prompts, n), params)

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Generator[Rollout, None, None]:
        """Yields the rollouts of requests: see `sample_request.StreamEngine`."""
        return RequestLoop(self, requests, params).run()

    def most_unfinished(self, params: Sampling) -> None:
        """Returns no limit: requests that wait for a program hold nothing here."""

    def client(self) -> Client:
        return Client(
            self.url,
            key=self.key,
            login=self.login,
            connections=self.concurrency,
            timeout=self.timeout,
            patience=self.patience,
        )
