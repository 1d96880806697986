"""Options of the server engine, which sends requests to an OpenAI-compatible server (`engine.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from numerate import lazy
from numerate.options import AtLeast1, NotNegative, Positive, config
from numerate.rollouts import address
from numerate.rollouts.engine_options import BaseEngineOptions
from numerate.rollouts.tool_options import ToolOptions

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.server.engine import ServerEngine


@config
class ServerOptions(BaseEngineOptions):
    kind: Literal["server"]
    """sends requests to an OpenAI-compatible server: vLLM, SGLang, llama.cpp, transformers serve"""
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]"), AfterValidator(address.split_login)]
    """address, such as http://localhost:8000; a login in it is used and never written; alternative: the
    environment variable NUMERATE_SERVER_LOGIN, as user:password"""
    model: str | None = None
    """name of the model on the server; null: read from the server"""
    weights: Literal["fixed", "by_path"] = "fixed"
    """fixed: the server keeps the base model, for evaluation only; by_path: the server loads any directory
    that a request names as its model, as transformers serve does"""
    folder: str | None = None
    """folder of the new weights with by_path, at the same path on the server; null: a temporary one, for a
    server on this machine"""
    concurrency: AtLeast1 = 64
    """concurrent requests; a request is for all samples of a problem if the server supports it"""
    timeout: Positive = 600.0
    """seconds until a request without an answer is sent again"""
    patience: NotNegative = 600.0
    """seconds of retries of a failed request, with growing pauses; then the run stops"""
    key_variable: str | None = None
    """environment variable with the server's API key, never the key itself. The key is sent to another
    machine only with `--trust VARIABLE@http://SERVER`"""
    tools: ToolOptions | None = None
    """programs that the policy calls within a rollout, and reads the output of; null: none"""

    needs = ("httpx2", "train")
    loads_weights = False

    def make(self, policy: Policy) -> ServerEngine:
        from numerate.rollouts.server.engine import ServerEngine

        return ServerEngine(policy, **self.settings())

    def check(self) -> None:
        from numerate.rollouts.server import health

        health.check_server(self.url, self.key_variable)

    def mark(self) -> list[str]:
        return [self.kind, *([self.model] if self.model else [])]

    def why_fixed(self) -> str | None:
        if self.weights != "fixed":
            return None
        return (
            f"the weights of the server at {self.url} are fixed, so it samples `base` only: set kind: "
            "local, or weights: by_path for a server that loads directories"
        )

    def secret(self) -> tuple[str, str] | None:
        if not self.key_variable or address.is_local(self.url):
            return None
        return self.key_variable, address.server(self.url)

    def environment(self) -> Mapping[str, str]:
        return address.login_environment(self.url)


__getattr__, _ = lazy.exports(__name__, engine="ServerEngine")
"""the engine's class needs torch"""
