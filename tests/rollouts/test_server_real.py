"""A real server, `transformers serve`, as a process of its own that is killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from httpx2 import RequestError, get

from numerate import problems
from numerate.models import remote_policy
from numerate.models.policy import Policy, load
from numerate.prompts import render
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.server import ServerEngine
from numerate.types import Prompt, Rollout, Sampling

LACKING = [name for name in ("fastapi", "uvicorn", "openai") if find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(LACKING), reason=f"`transformers serve` needs {', '.join(LACKING)}"),
]
GREEDY = Sampling(0.0, max_tokens=96)


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """The server computes with transformers, whatever is compiled here."""


class Serve:
    """`transformers serve` at a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}
        self.log = (folder / "serve.log").open("ab")
        self.start()

    def start(self) -> None:
        code = "from transformers.cli.transformers import main; main()"
        options = ["serve", "--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *options, "--port", str(self.port)],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )

    def ready(self) -> Serve:
        for _ in range(600):
            try:
                if get(f"{self.url}/health", timeout=5).status_code == 200:
                    return self
            except RequestError:
                time.sleep(0.5)
        raise AssertionError("transformers serve did not come up")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.log.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    server = Serve(tmp_path_factory.mktemp("serve"))
    try:
        yield server.ready()
    finally:
        server.close()


def questions(count: int) -> list[Prompt]:
    return [render(problem, "plain") for problem in problems.load("stories/test", limit=count)]


def local(policy: Policy, prompts: list[Prompt]) -> dict[str, Rollout]:
    return {rollout.problem_id: rollout for rollout in LocalEngine(policy).sample(prompts, 1, GREEDY)}


def test_greedy_attempts_are_the_local_engines_also_when_the_server_is_killed_on_the_way(serve: Serve):
    prompts = questions(40)
    engine = ServerEngine(
        remote_policy.load_outline("numerate/pico"), url=serve.url, concurrency=4, patience=300.0
    )
    here = local(load("numerate/pico", device="cpu", dtype="float32"), prompts)
    there: list[Rollout] = []
    for rollout in engine.sample(prompts, 1, GREEDY):
        there.append(rollout)
        if len(there) == 10:
            serve.kill()
            serve.start()
    assert len(there) == 40 and {rollout.problem_id for rollout in there} == set(here)
    for rollout in there:
        mine = here[rollout.problem_id]
        assert (rollout.text, rollout.finish) == (mine.text, mine.finish)
        assert [turn.ids for turn in rollout.turns] == [turn.ids for turn in mine.turns]


def test_every_sample_comes_once_though_the_server_is_killed_twice(serve: Serve):
    prompts = questions(12)
    engine = ServerEngine(
        remote_policy.load_outline("numerate/pico"), url=serve.url, concurrency=4, patience=300.0
    )
    drawn: list[Rollout] = []
    for rollout in engine.sample(prompts, 6, Sampling(0.8, max_tokens=96, seed=1)):
        drawn.append(rollout)
        if len(drawn) in (8, 40):
            serve.kill()
            serve.start()
    assert not engine.several  # transformers serve writes one choice, whatever n is
    places = [(rollout.problem_id, rollout.index) for rollout in drawn]
    assert sorted(places) == sorted((prompt.problem_id, index) for prompt in prompts for index in range(6))
    assert len({rollout.text for rollout in drawn}) > 36  # drawn, not greedy


def test_one_request_at_a_time_gives_the_same_again(serve: Serve):
    """transformers serve has one stream of random numbers for all its requests."""
    engine = ServerEngine(
        remote_policy.load_outline("numerate/pico"), url=serve.url, concurrency=1, patience=300.0
    )
    params = Sampling(0.8, max_tokens=96, seed=3)
    first, second = (list(engine.sample(questions(3), 3, params)) for _ in range(2))
    assert first == second


def test_new_weights_answer_after_a_sync(serve: Serve):
    policy = load("numerate/pico", device="cpu", dtype="float32")
    engine = ServerEngine(policy, url=serve.url, weights="by_path", concurrency=2, patience=300.0)
    prompts = questions(6)
    before = {rollout.problem_id: rollout.text for rollout in engine.sample(prompts, 1, GREEDY)}
    policy.model.model.layers[0].mlp.down_proj.weight.data.mul_(-1)
    engine.sync(policy)
    after = {rollout.problem_id: rollout.text for rollout in engine.sample(prompts, 1, GREEDY)}
    assert after == {name: rollout.text for name, rollout in local(policy, prompts).items()}
    assert after != before
