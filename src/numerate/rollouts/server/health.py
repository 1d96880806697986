"""Checks that a server responds, once and without retries, before a run starts."""

from __future__ import annotations

import os

import httpx2

from numerate.rollouts import address

TIMEOUT = 5.0
"""seconds"""


def base_url(url: str) -> str:
    """Returns the address without login and /v1, however it was written."""
    return str(address.split_login(url)).rstrip("/").removesuffix("/v1")


def api_key(variable: str | None) -> str | None:
    """Returns the API key in this variable of the environment. Raises ValueError where it is not set."""
    if variable and not os.environ.get(variable):
        raise ValueError(f"key_variable: the environment has no {variable}: set it to the server's API key")
    return os.environ[variable] if variable else None


def server_login(url: str, key_variable: str | None) -> tuple[str, str] | None:
    """Returns user and password for the address; an API key takes their place. Raises ValueError where the
    address holds a login beside a key."""
    if not key_variable:
        return address.find_login(url)
    if address.split_login(url).login:
        raise ValueError("key_variable and a login in the address exclude each other: leave one out")
    return None


def check_server(url: str, key_variable: str | None) -> None:
    """Raises ValueError where nothing answers at the address, or does not take the key or the login. What it
    answers else is looked at later."""
    key = api_key(key_variable)
    who = server_login(url, key_variable)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx2.get(f"{base_url(url)}/v1/models", headers=headers, auth=who, timeout=TIMEOUT)
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise ValueError(
            f"no server answers at {base_url(url)} ({error or type(error).__name__}): start it, or "
            "correct the url"
        ) from error
    if answer.status_code in (401, 403):
        name = f"name its key in key_variable, or set {address.VARIABLE}=user:password"
        if key or who:
            name = f"the key in {key_variable} is wrong" if key else "the login is wrong"
        raise ValueError(f"the server at {base_url(url)} refuses access: {name}")
