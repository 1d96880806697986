"""Discovery of the policy among a server's models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from numerate.models import locate
from numerate.rollouts.server.client import Client, Refused, UnreadableResponse

RAW = ("vllm",)
"""servers that give log-probabilities as the model has them, whatever the temperature"""


@dataclass(frozen=True)
class Served:
    model: str
    """what to call it in a request"""
    raw: bool = False
    """the server is one of RAW"""
    context: int | None = None
    """tokens that prompt and answer may have together, where the server says"""


async def find_served(client: Client, policy: str, model: str | None) -> Served:
    """Returns the model called `model`, else the one that is the policy, else the only one.

    A server without a list is asked for the policy's directory or name."""
    try:
        listed = await client.get("/v1/models", served_entries, final=(500, 501))
    except Refused:
        listed = []
    path = str(locate.locate_model(policy))
    for name in (model,) if model else (policy, path, str(Path(path).resolve())):
        for entry in listed:
            if name in (entry["id"], entry.get("root")):
                return served_model(entry)
    if model or not listed:
        return Served(model or path)
    if len(listed) == 1:
        return served_model(listed[0])
    names = ", ".join(entry["id"] for entry in listed[:8])
    raise ValueError(
        f"the server at {client.url} has {len(listed)} models ({names}), none of them named "
        f"{policy!r}: set the engine's key `model`"
    )


def served_model(entry: dict[str, Any]) -> Served:
    length = entry.get("max_model_len")
    return Served(entry["id"], entry.get("owned_by") in RAW, length if isinstance(length, int) else None)


def served_entries(payload: Any) -> list[dict[str, Any]]:
    """Returns the models that are being served. What `transformers serve` lists is the cache of downloads,
    not what it serves; there the owner is the first part of the name."""
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        raise UnreadableResponse("it is not a list of models")
    listed = cast(list[Any], payload["data"])
    entries = [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return [entry for entry in entries if not entry["id"].startswith(f"{entry.get('owned_by')}/")]
