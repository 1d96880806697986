"""HTTP client that retries: for servers that are busy, slow or restarting.

Temporary failures are retried with growing pauses until `patience` is exceeded: no connection, no response in
time, a response that cannot be read, 408, 425, 429 and 5xx. The other 4xx are raised at once."""

from __future__ import annotations

import json
import logging
import random
from asyncio import sleep
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import httpx2

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""seconds"""
BUSY = (408, 425, 429)
SHOWN = 500
"""characters of a server's message that are passed on"""

T = TypeVar("T")
log = logging.getLogger("numerate")


class Refused(ValueError):
    """The server rejected a request; a retry would not help."""

    def __init__(self, url: str, status: int, message: str) -> None:
        super().__init__(f"the server at {url} refused a request ({status}): {message}")
        self.url, self.status, self.message = url, status, message

    def about(self, more: str) -> Refused:
        """Returns the error with the subject of the request."""
        return Refused(self.url, self.status, f"{self.message} ({more})")


class UnreadableResponse(ValueError):
    """A response of an unexpected form."""


class ServerGone(ConnectionError):
    """The server gave no response within `patience` seconds."""


class _Trouble(Exception):
    """Failure of one try that may be repeated. after: the server's Retry-After, in seconds."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Client:
    """Client of a server, for one event loop. `url` is without /v1."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None,
        connections: int,
        timeout: float,
        patience: float,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.url, self.timeout, self.patience = url, timeout, patience
        self.http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            auth=login,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        )
        self.open_at = 0.0
        """no request before this moment of the monotonic clock, by the server's Retry-After"""
        self.well = True
        """whether the last answer was one"""

    async def close(self) -> None:
        await self.http.aclose()

    async def get(self, path: str, read: Callable[[Any], T], final: Sequence[int] = ()) -> T:
        """Sends a GET request, and returns the result of `read`. final: status codes that are not retried
        here."""
        return await self._persist(partial(self._once, "GET", path, None, read, final))

    async def post(self, path: str, body: dict[str, Any], read: Callable[[Any], T]) -> T:
        """Sends a request, and returns what `read` makes of the answer; `read` raises Unreadable where the
        answer is another than expected."""
        return await self._persist(partial(self._once, "POST", path, body, read))

    async def _persist(self, once: Callable[[], Awaitable[T]]) -> T:
        began: float | None = None
        tries = 0
        while True:
            await sleep(max(0.0, self.open_at - monotonic()))
            try:
                answer = await once()
            except _Trouble as trouble:
                now = monotonic()
                began = now if began is None else began
                self._tell(trouble)
                pause = self._pause(trouble, tries, now)
                tries += 1
                if now + pause - began > self.patience:
                    raise ServerGone(self._gone(trouble, tries, now - began)) from trouble
                await sleep(pause)
            else:
                self.well = True
                return answer

    def _tell(self, trouble: _Trouble) -> None:
        """Prints one line when trouble begins, not one per request."""
        if self.well:
            log.warning("%s: %s; retrying for %g s", self.url, trouble, self.patience)
        self.well = False

    def _pause(self, trouble: _Trouble, tries: int, now: float) -> float:
        """Returns the seconds to wait: those in the server's answer, for all requests; else doubling, and up
        to half of it left to chance so that requests that failed together do not come back together."""
        if trouble.after is not None:
            self.open_at = max(self.open_at, now + trouble.after)
            return trouble.after
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 16)) * random.uniform(0.5, 1.0)

    async def _once(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        read: Callable[[Any], T],
        final: Sequence[int] = (),
    ) -> T:
        try:
            answer = await self.http.request(method, self.url + path, json=body)
        except httpx2.TimeoutException as error:
            raise _Trouble(f"no answer within {self.timeout:g} s ({type(error).__name__})") from error
        except httpx2.RequestError as error:
            raise _Trouble(f"{type(error).__name__}: {error}".removesuffix(": ")) from error
        passing = answer.status_code in BUSY or answer.status_code >= 500
        if passing and answer.status_code not in final:
            message = f"it answered {answer.status_code}: {error_message(answer.text)}"
            raise _Trouble(message, retry_seconds(answer.headers.get("Retry-After")))
        if answer.status_code >= 300:
            raise Refused(self.url, answer.status_code, error_message(answer.text))
        try:
            return read(json.loads(answer.content))
        except (UnreadableResponse, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise _Trouble(f"its answer is unreadable ({error}): {error_message(answer.text)}") from error

    def _gone(self, trouble: _Trouble, tries: int, waited: float) -> str:
        request = f"; it asks to wait {trouble.after:g} s" if trouble.after is not None else ""
        return (
            f"the server at {self.url} failed {tries} times within {waited:.0f} s: "
            f"{trouble}{request}. Check the server's log, restart it or raise `patience` (now "
            f"{self.patience:g} s), and run the same command again: stored rollouts are kept"
        )


def error_message(text: str) -> str:
    """Returns a server's error message: OpenAI's {"error": {"message"}}, FastAPI's {"detail"}, or the whole
    response."""
    message: Any
    try:
        message = json.loads(text)
    except ValueError:
        message = text
    for key in ("error", "detail", "message"):
        if isinstance(message, dict) and key in message:
            message = message[key]
    words = " ".join((message if isinstance(message, str) else json.dumps(message)).split())
    return words[:SHOWN] + ("..." if len(words) > SHOWN else "") or "(it said nothing)"


def retry_seconds(header: str | None) -> float | None:
    """Reads Retry-After: a number of seconds or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
