"""Typed options: `@config` makes a frozen record that checks its values and refuses unknown keys.

The line under each field is its help: it reaches `numerate schema`, `--help` texts and error messages."""

from __future__ import annotations

from typing import Annotated, TypeVar, dataclass_transform

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
STRICT = pydantic.ConfigDict(extra="forbid", use_attribute_docstrings=True, protected_namespaces=())


@dataclass_transform(frozen_default=True)
def config(cls: type[T]) -> type[T]:
    """Turn a class of annotated fields into checked, immutable options."""
    return dataclass(frozen=True, config=STRICT)(cls)  # pyright: ignore
