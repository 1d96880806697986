"""The JSON schema of recipes: every option of every method, explained."""

from __future__ import annotations

import dataclasses
from typing import Any

import pydantic

from numerate import config, methods


def option_names(method: str) -> list[str]:
    return [field.name for field in dataclasses.fields(methods.get_method(method).Config)]


def test_the_schema_explains_every_option_of_every_method() -> None:
    schema = config.json_schema()
    branches = schema["properties"]["stages"]["additionalProperties"]["oneOf"]
    assert [branch["title"] for branch in branches] == sorted(methods.METHODS)
    for branch in branches:
        assert set(option_names(branch["title"])) < set(branch["properties"])
        assert branch["additionalProperties"] is False
    unexplained = [
        name
        for record in [schema, *branches, *schema["$defs"].values()]
        for name, facts in record.get("properties", {}).items()
        if "description" not in facts
    ]
    assert not unexplained


def test_every_reference_of_the_schema_resolves() -> None:
    schema = config.json_schema()
    for target in _references(schema):
        assert target.removeprefix("#/$defs/") in schema["$defs"], target


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for inner in node.values() for ref in _references(inner)]
    return [ref for inner in node for ref in _references(inner)] if isinstance(node, list) else []


def test_the_schema_has_the_help_of_inherited_options() -> None:
    from numerate.methods.grpo import Config

    properties = pydantic.TypeAdapter(Config).json_schema()["properties"]
    assert properties["steps"]["description"] == "rounds of sampling and learning"
    assert all(each.get("description") for each in properties.values())
