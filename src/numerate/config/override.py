"""Overrides from the command line, `stage.key=value`, applied to a recipe as read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from numerate.config.messages import suggest_word
from numerate.config.read import Path_, Tree, describe_value, override_value
from numerate.config.schema import Recipe
from numerate.rollouts.address import redact_logins

TOP = tuple(field.name for field in fields(Recipe))  # pyright: ignore[reportArgumentType]

COMMAND_LINE = "on the command line"


def apply_overrides(tree: Tree, overrides: Sequence[str]) -> None:
    """Changes `tree` in place. The first word is a key of the recipe or, for short, a stage: sft.limit=200.

    Raises ValueError on an override that is not key=value or names nothing that exists."""
    for text in overrides:
        key, equals, value = text.partition("=")
        text = redact_logins(text)
        words = tuple(key.strip().split("."))
        if not equals or not all(words):
            raise ValueError(
                f"{text!r} is not an override: write key=value, such as sft.limit=200 or model=numerate/pico"
            )
        path = full_path(words, tree, text)
        try:
            put_value(tree, path, override_value(value))
        except ValueError as error:
            raise ValueError(f"in {text!r}: {error}") from error
        tree.places = {p: at for p, at in tree.places.items() if p[: len(path)] != path}
        tree.places[path] = f"{COMMAND_LINE}, {text!r}"


def unused_sets(tree: Tree, used: Collection[str]) -> list[str]:
    """Returns the problem sets that an override names, and nothing uses: misspelt ones."""
    named = {path[1]: origin for path, origin in tree.places.items() if path[0] == "problems" and path[1:]}
    return [
        f"{origin}, problems.{name}: neither a stage nor evaluate uses a problem set {name!r}"
        f"{suggest_word(name, used)}"
        for name, origin in named.items()
        if origin.startswith(COMMAND_LINE) and name not in used
    ]


def full_path(words: Path_, tree: Tree, text: str) -> Path_:
    stages = tree.values.get("stages")
    stages = list(stages) if isinstance(stages, dict) else []
    if words[0] in stages and words[0] not in TOP:
        words = ("stages", *words)
    if words[0] not in TOP:
        hint = suggest_word(words[0], [*TOP, *stages])
        raise ValueError(f"{text!r}: {words[0]!r} is neither a key of the recipe nor one of its stages{hint}")
    if words[0] == "stages" and (len(words) < 3 or words[1] not in stages):
        known = ", ".join(stages) or "none"
        raise ValueError(f"{text!r}: write stages.STAGE.KEY=value; the stages of this recipe are {known}")
    return words


def put_value(tree: Tree, path: Path_, value: Any) -> None:
    """Sets the value at `path`; what is missing or null on the way becomes a mapping."""
    here: dict[str, Any] = tree.values
    for depth, word in enumerate(path[:-1]):
        inner: Any = here.get(word)
        if path[0] == "problems" and depth == 1 and isinstance(inner, str):
            inner = {"source": inner}
        if inner is None:
            inner = {}
        if not isinstance(inner, dict):
            raise ValueError(
                f"{'.'.join(path[: depth + 1])} is {describe_value(inner)} and has no key {path[depth + 1]!r}"
            )
        here[word] = inner
        here = inner
    here[path[-1]] = value
