"""Overrides from the command line, `stage.key=value`, applied to a recipe as read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from numerate.config.messages import suggest_word
from numerate.config.read import Path_, Tree, describe_value, override_value
from numerate.config.schema import Evaluate, Recipe
from numerate.options import did_you_mean
from numerate.rollouts.address import redact_logins

TOP = tuple(field.name for field in fields(Recipe))  # pyright: ignore[reportArgumentType]

COMMAND_LINE = "on the command line"


def apply_overrides(tree: Tree, overrides: Sequence[str]) -> None:
    """Changes `tree` in place. The first word is a key of the recipe or, for short, a stage: sft.limit=200.

    Raises ValueError on an override that is not key=value or names nothing that exists."""
    known = problem_sets(tree)
    for text in overrides:
        key, equals, value = text.partition("=")
        text = redact_logins(text)
        words = tuple(key.strip().split("."))
        if not equals or not all(words):
            raise ValueError(
                f"{text!r} is not an override: write key=value, such as sft.limit=200 or model=numerate/pico"
            )
        path = full_path(words, tree, text)
        if path[0] == "problems" and path[1:] and tree.values.get("problems") is None:
            tree.values["problems"] = problem_sets(tree)  # the other default sets stay beside a changed one
        try:
            put_value(tree, path, override_value(value))
        except ValueError as error:
            raise ValueError(f"in {text!r}: {error}") from error
        tree.places = {p: at for p, at in tree.places.items() if p[: len(path)] != path}
        tree.places[path] = f"{COMMAND_LINE}, {text!r}"
    require_sources(tree, known)


def problem_sets(tree: Tree) -> dict[str, Any]:
    """Returns the problem sets of a recipe as read: without the key `problems` the default ones."""
    if tree.values.get("problems") is None:
        default = Recipe(name="default").problems
        return {name: {"source": problem_set.source} for name, problem_set in default.items()}
    sets = tree.values["problems"]
    return sets if isinstance(sets, dict) else {}


def require_sources(tree: Tree, known: Collection[str]) -> None:
    """Raises ValueError where overrides change a set that the recipe does not have, and make none: without a
    source. known: the sets of the recipe as it was read."""
    for name, value in problem_sets(tree).items():
        if name not in known and isinstance(value, dict) and "source" not in value:
            message = f"this recipe has no problem set {name!r}{suggest_word(name, known)}"
            raise ValueError(f"{tree.where(('problems', name))}: {message}")


def unused_sets(tree: Tree, recipe: Recipe) -> list[str]:
    """Returns the problem sets that an override names, and nothing uses: misspelt ones. None where something
    uses a set that the recipe does not have, which is the mistake then."""
    used = recipe.problem_sets
    if not {*recipe.evaluate.problems, *(stage.problems for stage in recipe.stages.values())} <= used:
        return []
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
        inner = {name: f"problems.{name}" for name in problem_sets(tree)}
        inner |= {field.name: f"evaluate.{field.name}" for field in fields(Evaluate)}  # pyright: ignore[reportArgumentType]
        meant = ".".join([inner[words[0]], *words[1:]]) if words[0] in inner else ""
        hint = f"; {did_you_mean([meant])}" if meant else suggest_word(words[0], [*TOP, *stages])
        raise ValueError(f"{text!r}: {words[0]!r} is neither a key of the recipe nor one of its stages{hint}")
    if words[0] == "stages" and (len(words) < 3 or words[1] not in stages):
        known = ", ".join(stages) or "none"
        raise ValueError(f"{text!r}: write stages.STAGE.KEY=value; the stages of this recipe are {known}")
    return words


def key_of_word(path: Path_) -> str:
    """Returns which key of the record at a path a bare word stands for: `test: stories/test` is its source,
    `engine: local` its kind; empty where a word stands for none."""
    if len(path) == 2 and path[0] == "problems":
        return "source"
    return "kind" if path == ("engine",) or (path[0] == "stages" and path[2:] == ("curriculum",)) else ""


def put_value(tree: Tree, path: Path_, value: Any) -> None:
    """Sets the value at `path`; what is missing or null on the way becomes a mapping."""
    here: dict[str, Any] = tree.values
    for depth, word in enumerate(path[:-1]):
        inner: Any = here.get(word)
        if isinstance(inner, str) and (key := key_of_word(path[: depth + 1])):
            inner = {key: inner}
        if inner is None:
            inner = {}
        if not isinstance(inner, dict):
            raise ValueError(
                f"{'.'.join(path[: depth + 1])} is {describe_value(inner)} and has no key {path[depth + 1]!r}"
            )
        here[word] = inner
        here = inner
    here[path[-1]] = value
