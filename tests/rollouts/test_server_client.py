"""How requests are repeated, on a clock that stands still but for the client's own pauses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from numerate.rollouts.server import client as module
from numerate.rollouts.server.client import Client, Refused, ServerGone, error_message, retry_seconds

GOOD = httpx2.Response(200, json={"fine": True})


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Nothing here depends on how the local engine computes."""


class Clock:
    """Time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept: list[float] = []

    async def sleep(self, duration: float) -> None:
        self.slept += [duration] if duration else []
        self.time += duration
        await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "sleep", clock.sleep)
    monkeypatch.setattr(module, "monotonic", lambda: clock.time)
    monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    return clock


def post(replies: Sequence[httpx2.Response | Exception], patience: float = 600.0) -> Any:
    """The answer after these replies, each to one request."""
    left = list(replies)

    def handle(request: httpx2.Request) -> httpx2.Response:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def ask() -> Any:
        client = Client("http://server", key=None, connections=1, timeout=60.0, patience=patience)
        client.http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
        return await client.post("/v1/completions", {}, lambda given: given)

    answer = asyncio.run(ask())
    assert not left, "fewer requests than expected"
    return answer


def busy(after: str | None = None, status: int = 503) -> httpx2.Response:
    return httpx2.Response(status, json={"error": "busy"}, headers={"Retry-After": after} if after else {})


def test_pauses_double_up_to_a_longest_one(clock: Clock):
    assert post([*[busy()] * 8, GOOD]) == {"fine": True}
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_up_to_half_of_a_pause_is_left_to_chance(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module.random, "uniform", lambda low, high: low)
    post([busy(), busy(), GOOD])
    assert clock.slept == [0.25, 0.5]


def test_the_server_may_say_how_long_to_wait(clock: Clock):
    post([busy("7"), busy("40", status=429), GOOD])
    assert clock.slept == [7, 40]


def test_a_wait_that_the_server_asks_for_holds_for_all_requests(clock: Clock):
    client = Client("http://server", key=None, connections=1, timeout=60.0, patience=60.0)
    replies = [busy("9"), GOOD, GOOD]
    times: list[float] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        times.append(clock.time)
        return replies.pop(0)

    async def both() -> None:
        client.http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
        first = asyncio.ensure_future(client.post("/a", {}, lambda given: given))
        while not times or client.open_at == 0:
            await asyncio.sleep(0)
        clock.time = 100.0  # the second comes when the first has just been told to wait
        await client.post("/b", {}, lambda given: given)
        await first

    asyncio.run(both())
    assert times[0] == 100 and min(times[1:]) >= 109


def test_patience_counts_from_the_first_failure_and_includes_the_next_pause(clock: Clock):
    """Pauses 0.5 + 1 + 2 + 4 are 7.5 s; the next, of 8 s, would end after 15.5."""
    with pytest.raises(ServerGone, match=r"5 times within 8 s: it answered 503: busy"):
        post([busy()] * 5, patience=15.0)
    assert clock.slept == [0.5, 1, 2, 4]
    assert post([*[busy()] * 5, GOOD], patience=15.5)


def test_a_wait_beyond_patience_is_not_begun(clock: Clock):
    with pytest.raises(ServerGone, match=r"asks to wait 3600 s.*raise `patience` \(now 600 s\)"):
        post([busy("3600")])
    assert clock.slept == []


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("cut"),
        httpx2.Response(200, content=b"{"),
        httpx2.Response(408),
        httpx2.Response(500),
    ],
)
def test_what_may_pass_is_tried_again(clock: Clock, error: httpx2.Response | Exception):
    assert post([error, error, GOOD]) == {"fine": True}


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 422])
def test_what_cannot_pass_is_told_at_once(clock: Clock, status: int):
    with pytest.raises(Refused, match=rf"http://server refused a request \({status}\): no such thing"):
        post([httpx2.Response(status, json={"error": {"message": "no such thing", "code": 1}})])
    assert clock.slept == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"error": {"message": "too\\nlong", "type": "x"}}', "too long"),
        ('{"error": "plain"}', "plain"),
        ('{"detail": [{"msg": "a"}]}', '[{"msg": "a"}]'),
        ('{"object": "error", "message": "old vLLM"}', "old vLLM"),
        ("<html>\n oops", "<html> oops"),
        ("", "(it said nothing)"),
        (json.dumps("x" * 2000), "x" * 500 + "..."),
    ],
)
def test_a_servers_words_are_found_in_what_it_sends(text: str, said: str):
    assert error_message(text) == said


def test_retry_after_is_a_number_of_seconds_or_a_date():
    def soon(after: int) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=after), usegmt=True)

    assert (retry_seconds("12"), retry_seconds(None), retry_seconds("whenever")) == (12.0, None, None)
    assert 80 < (retry_seconds(soon(90)) or 0) <= 90
    assert retry_seconds(soon(-90)) == 0.0
