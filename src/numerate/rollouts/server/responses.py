"""Responses of a server: choices -> the turn that the policy wrote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from numerate.rollouts.server.client import UnreadableResponse
from numerate.types import Finish, Sampling, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy


@dataclass(frozen=True)
class ResponseChoice:
    text: str
    finish: Finish
    ids: tuple[int, ...] | None
    """the tokens as drawn, None where the server tells only their text"""
    logprobs: tuple[float, ...]
    stop_reported: bool
    """whether the server says what ended the rollout"""
    stop: str
    """the stop string that ended it, empty where it was none or the server does not say"""


@dataclass(frozen=True)
class ServerResponse:
    choices: tuple[ResponseChoice, ...]
    prompt_tokens: int | None
    """how many tokens the server read the prompt as, where it says"""


def read_response(payload: Any) -> ServerResponse:
    """Reads the JSON of a response. Raises UnreadableResponse where it is incomplete, as after a generation
    that the server broke off."""
    if (
        not isinstance(payload, dict)
        or not isinstance(payload.get("choices"), list)
        or not payload["choices"]
    ):
        raise UnreadableResponse("it has no choices")
    usage = payload.get("usage")
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    choices = tuple(_choice(choice) for choice in cast(list[Any], payload["choices"]))
    return ServerResponse(choices, counted if isinstance(counted, int) else None)


def _choice(payload: Any) -> ResponseChoice:
    if not isinstance(payload, dict) or not isinstance(payload.get("text"), str):
        raise UnreadableResponse("a choice has no text")
    finish = payload.get("finish_reason")
    if finish not in ("stop", "length"):
        raise UnreadableResponse(f"a choice ended by {finish!r}")
    ids = payload.get("token_ids")
    has_ids = isinstance(ids, list) and all(isinstance(i, int) for i in ids)
    logprobs = payload.get("logprobs")
    values = logprobs.get("token_logprobs") if isinstance(logprobs, dict) else None
    return ResponseChoice(
        payload["text"],
        finish,
        tuple(cast(list[int], ids)) if has_ids else None,
        _numbers(values),
        "stop_reason" in payload,
        reason if isinstance(reason := payload.get("stop_reason"), str) else "",
    )


def _numbers(values: Any) -> tuple[float, ...]:
    """Returns all log-probabilities, or none where one is missing."""
    good = isinstance(values, list) and all(
        isinstance(v, int | float) and math.isfinite(v) and v <= 0 for v in values
    )
    return tuple(float(v) for v in values) if good else ()


def response_turn(
    choice: ResponseChoice, params: Sampling, policy: Policy, exact: bool, chat: bool = False
) -> Turn:
    """Builds the turn of a response. exact: the server's log-probabilities are those of temperature 1 without
    top-p or top-k. chat: whether the prompt was in the chat template, whose end of turn then ends the
    completion."""
    if choice.ids is None:
        text, ids = _from_text(choice, params, policy, chat)
        return Turn("assistant", text, ids, trained=True)
    ids = choice.ids
    body = ids[:-1] if ids and ids[-1] in policy.eos_ids else ids
    text = _cut(policy.decode(body), params.stop)
    logprobs = choice.logprobs if exact and len(choice.logprobs) == len(ids) else ()
    return Turn("assistant", text, ids, logprobs, trained=True)


def _from_text(
    choice: ResponseChoice, params: Sampling, policy: Policy, chat: bool
) -> tuple[str, tuple[int, ...]]:
    """Returns the text before the first stop string, and the tokenizer's ids of the completion. EOS is among
    them only where the model certainly wrote it."""
    text = _cut(choice.text, params.stop)
    end = choice.text[len(text) :] or choice.stop
    *ids, eos = policy.encode_target(text + end, chat)
    if choice.finish == "stop" and not end and (choice.stop_reported or not params.stop):
        ids.append(eos)
    return text, tuple(ids)


def _cut(text: str, stops: Sequence[str]) -> str:
    """Returns the text before the first stop string."""
    places = [index for index in (text.find(stop) for stop in stops) if index >= 0]
    return text[: min(places)] if places else text
