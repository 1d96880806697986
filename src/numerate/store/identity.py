# pyright: strict
"""Hashes that say whether two things are the same: the identity of a stage is one of its config and its
inputs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast


def identity_hash(value: Any) -> str:
    """Returns the SHA-256, in hex, of the value as canonical JSON: sorted keys, no blanks, UTF-8.

    Takes what JSON takes, and dataclasses and mappings as objects; tuples count as lists. The same on every
    machine and in every session. Raises ValueError for anything else (sets and paths have no one spelling),
    and for NaN.
    """
    try:
        text = json.dumps(
            value,
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
            default=_plain,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"no identity for {type(value).__name__}: {error}; give it as JSON values"
        ) from error
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _plain(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(cast(Mapping[str, Any], value))
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def file_hash(path: Path) -> str:
    """Returns the SHA-256, in hex, of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
