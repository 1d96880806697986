"""The server engine against a server that is busy, slow, wrong, or killed and started again."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from numerate.rollouts.server import client
from numerate.rollouts.server.client import Refused, ServerGone
from tests import fake_server, tiny
from tests.fake_server import PARAMS, Body, Fake, Reply, all_places, ask, engine, places


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Nothing here depends on how the local engine computes."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(client, "LONGEST_PAUSE", 0.05)


def once(reply: Reply, at: int = 2) -> fake_server.Behave:
    """The request number `at` gets this reply, all others a good one."""
    seen = Counter[str]()

    def behave(body: Body) -> Reply | None:
        seen["requests"] += 1
        return reply if seen["requests"] == at else None

    return behave


@pytest.mark.parametrize(
    "trouble",
    [
        Reply({"error": {"message": "out of memory"}}, 500),
        Reply({"detail": "loading"}, 503, {"Retry-After": "0"}),
        Reply("slow down", 429),
        Reply(b'{"choices": [{"text": "1 +'),
        Reply({"choices": []}),
        Reply({"choices": [{"text": "1 +", "finish_reason": "abort"}]}),
        Reply({"choices": [{"finish_reason": "stop"}]}),
        Reply(b"<html>gateway</html>", 502),
        Reply(b"\xff\xfe"),
        Reply(b"", headers={"Content-Length": "100"}),
    ],
    ids=lambda reply: str(reply.content)[:30],
)
def test_what_may_pass_is_tried_again(trouble: Reply):
    for at in (1, 4):
        with Fake(misbehave=once(trouble, at)) as fake:
            slow = trouble.headers.get("Content-Length") == "100"
            rollouts = list(engine(fake, timeout=0.3 if slow else 20.0).sample(ask(5), 3, PARAMS))
        assert places(rollouts) == all_places(5, 3)
        assert len(fake.bodies) == 6
        assert Counter(Counter(body["seed"] for body in fake.bodies).values()) == {1: 4, 2: 1}


def test_a_request_without_an_answer_is_sent_again():
    hold, seen = threading.Event(), Counter[str]()

    def hang(body: Body) -> None:
        seen["requests"] += 1
        if seen["requests"] == 3:
            hold.wait(20)

    with Fake(misbehave=hang) as fake:
        rollouts = list(engine(fake, timeout=0.3).sample(ask(6), 2, PARAMS))
        hold.set()
    assert places(rollouts) == all_places(6, 2) and len(fake.bodies) == 7


def test_a_server_that_is_killed_and_started_again_costs_no_attempt_and_doubles_none():
    seen, dead = Counter[str](), threading.Event()

    def die(body: Body) -> None:
        with fake.lock:
            seen["requests"] += 1
            kill = seen["requests"] in (5, 20)
        if kill:
            threading.Thread(target=restart).start()
            dead.wait(20)

    def restart() -> None:
        fake.kill()
        dead.set()
        threading.Event().wait(0.2)
        fake.start()

    with Fake(misbehave=die) as fake:
        with_trouble = list(engine(fake, concurrency=4).sample(ask(30), 2, PARAMS))
    assert len(fake.bodies) > 30
    assert places(with_trouble) == all_places(30, 2)
    with Fake() as fake:
        without = list(engine(fake, concurrency=4).sample(ask(30), 2, PARAMS))
    assert set(with_trouble) == set(without)


def test_patience_ends_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    with Fake() as fake:
        stream = engine(fake, concurrency=1, patience=0.2).sample(ask(9), 1, PARAMS)
        next(stream)
        fake.kill()
        with pytest.raises(ServerGone) as gone:
            list(stream)
    for part in (fake.url, "patience", "restart it", "stored rollouts are kept"):
        assert part in str(gone.value)


@pytest.mark.parametrize(
    ("status", "sent"), [(404, 1), (401, 1), (400, 4 + 4)], ids=["unknown", "key", "unfit"]
)
def test_a_refusal_is_told_in_the_servers_words(status: int, sent: int):
    """A 400 may mean the form of the request: four forms are tried, with n and without."""
    with Fake(lambda body: Reply({"error": {"message": "the model `x` does not exist"}}, status)) as fake:
        with pytest.raises(ValueError, match="the model `x` does not exist") as refused:
            list(engine(fake, model="x").sample(ask(5), 3, PARAMS))
        assert fake.url in str(refused.value) and "'x'" in str(refused.value)
        assert len(fake.bodies) == sent


def test_a_refusal_later_on_is_told_at_once():
    refusal = Reply({"error": {"message": "too long for me"}}, 400)

    def unfit(body: Body) -> Reply | None:
        return refusal if body["prompt"] == tiny.tokenizer()("How many is 3?").input_ids else None

    with Fake(misbehave=unfit) as fake:
        with pytest.raises(Refused, match=r"too long for me .*'p3'"):
            list(engine(fake, concurrency=1).sample(ask(9), 1, PARAMS))
        assert len(fake.bodies) == 4
