"""Is a server there? Asked before a run begins, once and without patience."""

from __future__ import annotations

import os

import httpx2

TIMEOUT = 5.0
"""seconds"""


def base(url: str) -> str:
    """The address without /v1, however it was written."""
    return url.rstrip("/").removesuffix("/v1")


def key(variable: str | None) -> str | None:
    """The API key in this variable of the environment. Raises ValueError where it is not set."""
    if variable and not os.environ.get(variable):
        raise ValueError(f"key_variable: the environment has no {variable}: set it to the server's API key")
    return os.environ[variable] if variable else None


def check(url: str, key_variable: str | None) -> None:
    """Raises ValueError where nothing answers at the address, or does not take the key. What it answers else
    is looked at later."""
    known = key(key_variable)
    headers = {"Authorization": f"Bearer {known}"} if known else {}
    try:
        answer = httpx2.get(f"{base(url)}/v1/models", headers=headers, timeout=TIMEOUT)
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise ValueError(
            f"no server answers at {base(url)} ({error or type(error).__name__}): start it, or mend the url"
        ) from error
    if answer.status_code in (401, 403):
        name = f"the key in {key_variable} is not the right one" if known else "name its key in key_variable"
        raise ValueError(f"the server at {base(url)} lets nobody in without a key: {name}")
