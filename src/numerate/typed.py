"""Typed options: `@config` makes a frozen record that checks its values and refuses unknown keys.

The line under each field is its help: it reaches `numerate schema`, `--help` texts and error messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from dataclasses import fields, is_dataclass
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
    """Turn a class of annotated fields into checked, immutable options."""
    return dataclass(frozen=True, config=STRICT)(cls)  # pyright: ignore


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
