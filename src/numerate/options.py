"""Typed options: `@config` makes a frozen record that checks its values and refuses unknown keys.

The line under each field is its help: it reaches `numerate schema`, `--help` texts and error messages. A
record that is given in part, as a mapping, has the other values of its field's own default, not of its
class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from dataclasses import dataclass as plain_dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cache, wraps
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform, get_args, get_type_hints

import pydantic
from pydantic import Field
from pydantic.dataclasses import dataclass

T = TypeVar("T")
AtLeast0 = Annotated[int, Field(ge=0)]
AtLeast1 = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Betas = tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]]
Path = tuple[str, ...]


@plain_dataclass(frozen=True, slots=True)
class Names:
    """Marks the type of an option whose value is the name of something that another stage leaves behind."""

    what: Literal["model", "rollouts", "judge"]


ModelName = Annotated[str, Names("model")]
"""base, a stage, or with a slash a model directory or a hub id"""
RolloutsName = Annotated[str, Names("rollouts")]
"""a stage above that leaves rollouts behind"""
JudgeName = Annotated[str, Names("judge")]
"""a stage above that trains a judge, a folder with a slash that holds one, or oracle"""
STRICT = pydantic.ConfigDict(extra="forbid", use_attribute_docstrings=True, protected_namespaces=())


@dataclass_transform(frozen_default=True)
def config(cls: type[T]) -> type[T]:
    """Turns a class of annotated fields into checked, immutable options."""
    declare_inherited(cls)
    made: Any = dataclass(frozen=True, config=STRICT)(cls)  # pyright: ignore
    initialize = made.__init__

    @wraps(initialize)
    def __init__(self: Any, *args: Any, **values: Any) -> None:
        initialize(self, *args, **with_defaults(made, values))

    made.__init__ = __init__
    return made


def declare_inherited(cls: type) -> None:
    """Repeats the fields of the parents in `cls`: pydantic reads the help of a field from the class that
    declares it."""
    own = dict(cls.__annotations__)
    inherited: dict[str, Any] = {}
    for parent in reversed(cls.__mro__[1:]):
        if is_dataclass(parent):
            hints = get_type_hints(parent, include_extras=True)
            for name, help_text in field_help(parent).items():
                inherited[name] = Annotated[hints[name], Field(description=help_text)]
    cls.__annotations__ = inherited | own


@cache
def field_help(kind: type) -> dict[str, str | None]:
    """Returns the help of each field of a record."""
    schema = pydantic.TypeAdapter(kind).json_schema()
    return {field.name: schema["properties"][field.name].get("description") for field in fields(kind)}


def with_defaults(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a record of this kind; mappings that give a record in part are completed."""
    defaults = {field.name: field.default for field in fields(kind) if is_dataclass(field.default)}
    return {
        key: completed(defaults[key], value) if key in defaults and isinstance(value, Mapping) else value
        for key, value in values.items()
    }


def completed(default: Any, options: Any) -> dict[str, Any]:
    """Returns a mapping with the values of a record where `options` has none. Of the options that its class
    lists as ALTERNATIVES the one in `options` replaces the others."""
    values = asdict(default)
    for group in getattr(default, "ALTERNATIVES", ()):
        if any(options.get(key) is not None for key in group):
            values |= dict.fromkeys(group)
    return values | with_defaults(type(default), options)


def near_words(word: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Returns the known word that is most similar to a misspelt one, two where they are equally similar, of
    these first the one with the same letters; none below the cutoff."""
    names = list(known)
    scores = {
        name: SequenceMatcher(None, name, word).ratio() for name in get_close_matches(word, names, 2, cutoff)
    }
    near = [name for name, score in scores.items() if score > max(scores.values()) - 0.01]
    return sorted(near, key=lambda name: sorted(name) != sorted(word))


def did_you_mean(words: Sequence[str]) -> str:
    """Returns "did you mean 'grpo' or 'gspo'?"."""
    return f"did you mean {' or '.join(map(repr, words))}?"


def named(options: Any, what: str) -> Iterator[tuple[Path, str]]:
    """Yields path and value of the options, at any depth, that name a model, rollouts or a judge, as the
    types of their fields declare; those that are None are left out."""
    hints = get_type_hints(options.__class__, include_extras=True)
    for field in fields(options):
        value = getattr(options, field.name)
        if is_dataclass(value):
            yield from (((field.name, *path), name) for path, name in named(value, what))
        elif isinstance(value, str) and _marks(hints[field.name]) & {what}:
            yield (field.name,), value


def _marks(hint: Any) -> set[str]:
    """Returns what the values of a type name, for unions those of any member."""
    marks = {mark.what for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Names)}
    return marks.union(*(_marks(inner) for inner in get_args(hint) if inner is not hint))
