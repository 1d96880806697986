"""Options of the server engine, which asks an OpenAI-compatible server (`engine.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from numerate.options import AtLeast1, NotNegative, Positive, config
from numerate.rollouts import address
from numerate.rollouts.engine_options import BaseEngineOptions

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.server.engine import ServerEngine


@config
class ServerOptions(BaseEngineOptions):
    kind: Literal["server"]
    """asks an OpenAI-compatible server: vLLM, SGLang, llama.cpp, transformers serve"""
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]"), AfterValidator(address.split_login)]
    """its address, such as http://localhost:8000; a login in it is used and written nowhere, and stands else
    in the environment variable NUMERATE_SERVER_LOGIN, as user:password"""
    model: str | None = None
    """what the server calls the model; null asks the server"""
    weights: Literal["fixed", "by_path"] = "fixed"
    """fixed: the server has the base model and keeps it, so it can be measured and nothing be trained;
    by_path: the server loads any directory that a request names as its model, as transformers serve does"""
    folder: str | None = None
    """by_path saves new weights in this folder, which the server must see under the same path; null takes a
    temporary one, for a server on this machine"""
    concurrency: AtLeast1 = 64
    """requests at the same time; a request asks for all samples of a problem where the server can"""
    timeout: Positive = 600.0
    """seconds until a request without an answer is given up and sent again"""
    patience: NotNegative = 600.0
    """seconds for which a request that fails is sent again, with growing pauses; then the run stops"""
    key_variable: str | None = None
    """the environment variable that holds the server's API key; never the key itself. It is sent to another
    machine only with `--trust VARIABLE@http://SERVER`"""

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
            f"the server at {self.url} keeps the weights it has (weights: fixed), so it can be asked for "
            "`base` only: take kind: local, or weights: by_path where the server loads directories"
        )

    def secret(self) -> tuple[str, str] | None:
        if not self.key_variable or address.here(self.url):
            return None
        return self.key_variable, address.server(self.url)

    def environment(self) -> Mapping[str, str]:
        return address.login_environment(self.url)


def __getattr__(name: str) -> Any:
    """The engine's class, which needs torch and is imported at its first use."""
    if name != "ServerEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from numerate.rollouts.server.engine import ServerEngine

    return ServerEngine
