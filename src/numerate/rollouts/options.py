"""Checked options of the engines of the table, as one type: `engine` of a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, Tag

from numerate.rollouts.engine_options import BaseEngineOptions
from numerate.rollouts.engines import ENGINES, options_class


def _kind(value: Any) -> Any:
    """Returns the kind of engine options, by default local."""
    return str(value.get("kind", "local")) if isinstance(value, dict) else getattr(value, "kind", None)


if TYPE_CHECKING:
    EngineOptions = BaseEngineOptions
    """options of an engine, by its kind"""
else:
    RECORDS = tuple(Annotated[options_class(kind), Tag(kind)] for kind in ENGINES)
    EngineOptions = Annotated[Union[RECORDS], Discriminator(_kind)]  # noqa: UP007 # made of the table
