"""An OpenAI-compatible server in the test's own process, which behaves as badly as it is told to.

`with Fake() as fake:` answers at `fake.url`. What it writes is a function of the prompt and the seed alone,
so that a request that is repeated gives the same again. `fake.kill()` breaks every connection, as a killed
process does; `fake.start()` listens again at the same address."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

from numerate.models.policy import Policy
from numerate.models.remote_policy import Outline
from numerate.rollouts.server import ServerEngine
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    content: Any
    """JSON, or bytes as they are"""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


Behave = Callable[[Body], Reply | None]
"""None: answer as a good server does"""
EOS = 2
PARAMS = Sampling(1.0, max_tokens=64, seed=5, round=2)
TOKENIZER = tiny.tokenizer()
VLLM = {"object": "list", "data": [{"id": "tiny", "owned_by": "vllm", "max_model_len": 200}]}


def numbers(seed: int) -> str:
    """What is written with this seed."""
    return f"{seed % 1000} + 1 = {seed % 1000 + 1}"


def vllm(body: Body) -> Reply:
    """Token ids in, token ids and log-probabilities out, several choices."""
    choices: list[Body] = []
    for i in range(body.get("n", 1)):
        text = numbers(body["seed"] + i)
        ids = [*TOKENIZER(text, add_special_tokens=False).input_ids, EOS][: body["max_tokens"]]
        whole = ids[-1] == EOS
        choices.append(
            {
                "index": i,
                "text": text if whole else TOKENIZER.decode(ids),
                "finish_reason": "stop" if whole else "length",
                "stop_reason": None,
                "token_ids": ids,
                "logprobs": {"token_logprobs": [-0.5 - k for k in range(len(ids))]},
            }
        )
    return Reply({"choices": choices, "usage": {"prompt_tokens": len(body["prompt"])}})


def transformers(body: Body) -> Reply:
    """Text in, text out, one choice whatever n is, and no field that it does not know."""
    known = {"model", "prompt", "max_tokens", "temperature", "top_p", "seed", "stop", "n"}
    if unknown := set(body) - known - {"generation_config"}:
        return Reply({"detail": f"Unexpected fields in the request: {sorted(unknown)}"}, 422)
    if not isinstance(body["prompt"], str):
        return Reply({"detail": "prompt must be a string."}, 400)
    read = TOKENIZER(body["prompt"]).input_ids
    choice = {"index": 0, "text": numbers(body["seed"]), "finish_reason": "stop"}
    return Reply({"choices": [choice], "usage": {"prompt_tokens": len(read)}})


class Fake:
    def __init__(
        self,
        serve: Callable[[Body], Reply] = vllm,
        misbehave: Behave = lambda body: None,
        models: Reply | None = None,
    ) -> None:
        self.serve, self.misbehave = serve, misbehave
        self.models = models or Reply(VLLM)
        self.bodies: list[Body] = []
        """every request for completions, as it came"""
        self.keys: set[str | None] = set()
        self.open: set[socket.socket] = set()
        self.flying = self.most = 0
        """requests being answered: now, and at most at any time"""
        self.lock = threading.Lock()
        self.port = 0
        self.http: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Fake:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                fake.open.add(self.connection)

            def do_GET(self) -> None:
                fake.keys.add(self.headers.get("Authorization"))
                fake.send(self, fake.models)

            def do_POST(self) -> None:
                fake.keys.add(self.headers.get("Authorization"))
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.send(self, fake.answer(body))

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A connection that was cut is no news here."""

        self.http = Server(("127.0.0.1", self.port), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def kill(self) -> None:
        if self.http is None:
            return
        self.http.shutdown()
        self.http.server_close()
        self.http = None
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed by the other side before
                continue
        self.open.clear()

    def answer(self, body: Body) -> Reply:
        with self.lock:
            self.bodies.append(body)
            self.flying += 1
            self.most = max(self.most, self.flying)
        try:
            return self.misbehave(body) or self.serve(body)
        finally:
            with self.lock:
                self.flying -= 1

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


def policy() -> Policy:
    return Policy(
        Outline(tiny.config("llama"), None, "/models/tiny"), tiny.tokenizer(), "tiny", torch.float32
    )


def engine(fake: Fake, **options: Any) -> ServerEngine:
    settings: dict[str, Any] = {"patience": 20.0, **options}
    return ServerEngine(policy(), url=fake.url, **settings)


def ask(count: int, text: str = "How many is {}?", chat: bool = False) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text.format(i)),), chat) for i in range(count)]


def places(rollouts: list[Rollout]) -> list[tuple[str, int]]:
    return sorted((rollout.problem_id, rollout.index) for rollout in rollouts)


def all_places(count: int, n: int) -> list[tuple[str, int]]:
    return sorted((f"p{i}", index) for i in range(count) for index in range(n))
