"""Builder of rollouts for engines that draw tokens: checked settings, the record of a finished rollout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from numerate.rollouts.slots import Written
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn


def check_settings(n: int, params: Sampling) -> None:
    """Raises ValueError for invalid settings, by name."""
    bounds = {
        "n": (n, n >= 1, "at least 1"),
        "temperature": (params.temperature, 0 <= params.temperature < float("inf"), "at least 0"),
        "top_p": (params.top_p, 0 < params.top_p <= 1, "in (0, 1]"),
        "top_k": (params.top_k, params.top_k >= 0, "at least 0 (0 keeps all)"),
        "max_tokens": (params.max_tokens, params.max_tokens >= 1, "at least 1"),
    }
    for name, (value, good, must) in bounds.items():
        if not good:
            raise ValueError(f"sampling: {name} is {value}, it must be {must}")


def build_rollout(
    prompt: Prompt,
    ids: Sequence[int],
    index: int,
    written: Sequence[Turn],
    finish: Finish,
    seed: int,
    policy: str,
) -> Rollout:
    """Builds a rollout of the prompt's turns, the last of them with the ids of all, and the turns of the
    answer."""
    *first, last = prompt.turns
    turns = (*first, replace(last, ids=tuple(ids)), *written)
    return Rollout(prompt.problem_id, index, turns, finish, seed=seed, policy=policy)


def written_turns(
    wrote: Written, text: str, decode: Callable[[list[int]], str], has_classes: bool
) -> Iterator[Turn]:
    """Yields an answer as turns of the assistant: those that the policy sampled and those of a calculator.

    text: what the tokens say, up to a stop string. has_classes: whether the policy samples a class of tokens
    before each token."""
    start = written = 0
    whole = [(False, len(wrote.ids))]
    runs = ((supplied, sum(1 for _ in run)) for supplied, run in groupby(wrote.supplied))
    for supplied, length in runs if any(wrote.supplied) else whole:
        stop = start + length
        upto = len(text) if stop == len(wrote.ids) else len(decode(wrote.ids[:stop]))
        own = slice(start, stop) if not supplied else slice(0)
        yield Turn(
            "assistant",
            text[written:upto],
            tuple(wrote.ids[start:stop]),
            tuple(wrote.logps[own]),
            trained=not supplied,
            token_classes=tuple(wrote.token_classes[own]) if has_classes else (),
        )
        start, written = stop, upto
