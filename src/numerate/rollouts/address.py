"""Addresses of servers. A login in one is kept beside its text, so that it is written nowhere: not in
recipes, logs, identities or errors."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

VARIABLE = "NUMERATE_SERVER_LOGIN"
"""the environment variable with user:password for an address that has none in it"""
ESCAPES = "in a password write %40 for @, %2F for /, %3F for ?, %23 for #"
LOGIN = re.compile(r"(?<=://)\S*@")


class Address(str):
    """The text of an address, without the login that was written in it."""

    login: tuple[str, str] | None = None
    """user and password"""


def split_login(text: str) -> Address:
    """Removes the login from an address. Raises ValueError, without it, for text that is no server's
    address."""
    if isinstance(text, Address):
        return text
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in path or "?" in rest or "#" in rest:
        shown = redact_logins(text).partition("?")[0].partition("#")[0]
        raise ValueError(
            f"{shown!r}: the address of a server has no @ after its host, no ? and no #: {ESCAPES}; "
            "an API key goes into key_variable"
        )
    login, _, host = host.rpartition("@")
    if not host:
        raise ValueError(f"{redact_logins(text)!r} names no server after the login")
    address = Address(f"{scheme}://{host}{slash}{path}")
    if login:
        user, _, password = login.partition(":")
        address.login = unquote(user), unquote(password)
    return address


def find_login(address: str) -> tuple[str, str] | None:
    """Returns user and password for an address: its own, else those of $NUMERATE_SERVER_LOGIN.

    Raises ValueError where the variable holds no user:password."""
    if own := split_login(address).login:
        return own
    user, colon, password = os.environ.get(VARIABLE, "").partition(":")
    if user and not colon:
        raise ValueError(f"{VARIABLE} has no login: write user:password")
    return (user, password) if colon else None


def server(text: str) -> str:
    """Returns scheme, host and port of an address: whom a secret is sent to.

    >>> server("HTTP://me:secret@There:8000/v1")
    'http://there:8000'
    """
    parts = urlsplit(str(split_login(text)))
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_local(text: str) -> bool:
    """Checks whether an address is one of this machine."""
    host = urlsplit(str(split_login(text))).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def login_environment(address: str) -> Mapping[str, str]:
    """Returns the variable that hands the login of an address to another process."""
    own = split_login(address).login
    return {VARIABLE: ":".join(own)} if own else {}


def redact_logins(text: str) -> str:
    """Returns a text with *** for the logins of the addresses in it.

    >>> redact_logins("--engine http://me:secret@there:8000/v1")
    '--engine http://***@there:8000/v1'
    """
    return LOGIN.sub("***@", text)
